/** `npm test -- ARGUMENTS OF VITEST`: set-up, then every test. */
import { ensureBuilt } from "./lib/build.mjs";
import { passThrough } from "./lib/run.mjs";
import { main, setUp } from "./lib/setup.mjs";

await main(async () => {
  const { env } = await setUp({ browser: true });
  await ensureBuilt();
  return passThrough(
    process.execPath,
    ["node_modules/vitest/vitest.mjs", "run", ...process.argv.slice(2)],
    env,
  );
});
