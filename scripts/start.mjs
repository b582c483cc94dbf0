/** `npm start -- FLAGS`: set-up, build, then the main job. */
import { ensureBuilt } from "./lib/build.mjs";
import { passThrough } from "./lib/run.mjs";
import { main, setUp } from "./lib/setup.mjs";

const args = process.argv.slice(2);
// Flags belong to the main job, unless a command (or --version) stands first.
const command = /^-/.test(args[0] ?? "-") && args[0] !== "--version" ? ["imdb"] : [];

await main(async () => {
  const { env } = await setUp();
  await ensureBuilt();
  return passThrough(process.execPath, ["dist/cli.js", ...command, ...args], env);
});
