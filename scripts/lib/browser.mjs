import { join } from "node:path";
import { findChromium, findChromiums } from "../../src/node/browsers.mjs";
import { canInstall, install } from "./apt.mjs";
import { reachable } from "./network.mjs";
import { capture, lastLines, root, say } from "./run.mjs";

/**
 * A browser: a configured one, the system's, one puppeteer has downloaded or can download, Debian's
 * chromium. Resolves to its path, or undefined where none of these is to be had.
 */
export async function ensureBrowser() {
  const present = await firstThatRuns();
  if (present) return present;
  if (await download()) {
    const downloaded = await firstThatRuns();
    if (downloaded) return downloaded;
    say("the downloaded Chrome does not run here: shared libraries are missing");
  }
  if (canInstall() && (await install("chromium", "libvulkan1"))) return firstThatRuns();
  return undefined;
}

async function firstThatRuns() {
  for (const file of findChromiums()) {
    if (await runs(file)) return file;
  }
  return undefined;
}

/** A downloaded Chrome may lack shared libraries. (On Windows `--version` would open a window.) */
async function runs(file) {
  if (process.platform === "win32") return true;
  return (await capture(file, ["--version"], { timeout: 10_000 })).code === 0;
}

async function download() {
  const source = process.env.PUPPETEER_CHROME_DOWNLOAD_BASE_URL ?? "https://storage.googleapis.com";
  if (!(await reachable(source))) {
    say("no browser found, and none can be downloaded: no network to the place where puppeteer gets Chrome");
    return false;
  }
  say("no browser found; downloading Chrome with puppeteer (about 150 MB)");
  const cli = join(root, "node_modules", "puppeteer", "lib", "cjs", "puppeteer", "node", "cli.js");
  const result = await capture(process.execPath, [cli, "browsers", "install", "chrome"], {
    timeout: 900_000,
  });
  if (result.code !== 0) say(`puppeteer could not download Chrome:\n${lastLines(result, 3)}`);
  return result.code === 0;
}

export { findChromium };
