/** `npm start -- FLAGS`: set-up, build, then the main job. */
import { ensureBuilt } from "./lib/build.mjs";
import { passThrough } from "./lib/run.mjs";
import { main, setUp } from "./lib/setup.mjs";

const args = process.argv.slice(2);
const command = args[0] === undefined || args[0].startsWith("-") ? ["imdb"] : [];

await main(async () => {
  const { env } = await setUp();
  await ensureBuilt();
  return passThrough(process.execPath, ["dist/cli.js", ...command, ...args], env);
});
