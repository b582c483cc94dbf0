import { ensureBuilt } from "./build.mjs";
import { passThrough } from "./run.mjs";
import { main, setUp } from "./setup.mjs";

/** Set-up, then the tests of one of vitest's projects; those that need what is not to be had skip. */
export function testProject(project, ...args) {
  return main(async () => {
    const { env } = await setUp({ browser: true, optional: true });
    await ensureBuilt();
    const vitest = ["node_modules/vitest/vitest.mjs", "run", "--project", project];
    return passThrough(process.execPath, [...vitest, ...args, ...process.argv.slice(2)], env);
  });
}
