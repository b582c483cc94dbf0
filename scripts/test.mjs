/** `npm test -- ARGUMENTS OF VITEST`: set-up, then every test; those that need what is not to be had skip. */
import { ensureBuilt } from "./lib/build.mjs";
import { passThrough } from "./lib/run.mjs";
import { main, setUp } from "./lib/setup.mjs";

await main(async () => {
  const { env } = await setUp({ browser: true, optional: true });
  await ensureBuilt();
  return passThrough(
    process.execPath,
    ["node_modules/vitest/vitest.mjs", "run", "--project", "tests", ...process.argv.slice(2)],
    env,
  );
});
