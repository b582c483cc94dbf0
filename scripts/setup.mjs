/** The set-up by itself: `node scripts/setup.mjs [--firefox]`. */
import { ensureFirefox, main, setUp } from "./lib/setup.mjs";

await main(async () => {
  await setUp({ browser: true });
  if (process.argv.includes("--firefox")) await ensureFirefox();
  return 0;
});
