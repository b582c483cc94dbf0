/** `npm run demo -- ARGUMENTS OF VITE`: the browser demo on a local server. */
import { ensurePackages } from "./lib/packages.mjs";
import { passThrough } from "./lib/run.mjs";
import { main } from "./lib/setup.mjs";

await main(async () => {
  await ensurePackages();
  const vite = ["node_modules/vite/bin/vite.js", "--config", "demo/vite.config.ts"];
  return passThrough(process.execPath, [...vite, ...process.argv.slice(2)]);
});
