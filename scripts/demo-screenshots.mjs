/**
 * `npm run demo:screenshots`: builds the demo, opens it in headless Chromium, trains on the sample corpus, then on a
 * text, and takes pictures of both tabs: three widths in both colour schemes into artifacts/screenshots/, those of the
 * README and the documents into docs/images/.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { launch } from "puppeteer";
import { build, preview } from "vite";
import { findChromium } from "../src/node/browsers.mjs";
import { root, say } from "./lib/run.mjs";
import { main, setUp } from "./lib/setup.mjs";

const configFile = join(root, "demo", "vite.config.ts");
const widths = [360, 768, 1440];
const schemes = ["light", "dark"];
const scale = { 360: 2, 768: 1, 1440: 1 };
const flags = [
  "--enable-unsafe-webgpu",
  "--no-first-run",
  "--disable-background-networking",
  "--force-color-profile=srgb",
];

/** Small enough to learn to write in a minute without a GPU. */
const writing = "#tab=write&units=48&length=40&characters=40000&epochs=6&learningRate=0.01";

await main(async () => {
  await setUp({ browser: true });
  await build({ configFile, logLevel: "warn" });
  const server = await preview({ configFile, logLevel: "error", preview: { port: 0, host: "127.0.0.1" } });
  const software = process.argv.includes("--swiftshader") || process.platform === "linux";
  const browser = await launch({
    executablePath: findChromium(),
    args: [
      ...flags,
      ...(software ? ["--use-webgpu-adapter=swiftshader"] : []),
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  });
  try {
    const { port } = server.httpServer.address();
    for (const scheme of schemes) await takeAll(browser, `http://127.0.0.1:${port}/`, scheme);
  } finally {
    await browser.close();
    await server.close();
  }
  return 0;
});

/** One visit in one colour scheme: train, then one picture of each tab for each width. */
async function takeAll(browser, address, scheme) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.setViewport({ width: 1440, height: 1000 });
  await page.goto(`${address}#epochs=3&seed=1`);
  await waitForText(page, "#check", /agree/);
  await page.click("#start");
  await waitForText(page, "#status", /^Done/);
  await waitForText(page, "#check", /agree/);
  await page.click("#tab-memory");
  await waitForText(page, "#memory-note", /Mean of/);
  await page.evaluate("document.activeElement.blur()");
  await takeWidths(page, "", scheme);
  await page.goto(address + writing);
  await page.waitForSelector("#write-start:not([disabled])");
  await page.click("#write-start");
  await waitForText(page, "#write-status", /^Done/, 600_000);
  await takeWidths(page, "write-", scheme);
  await context.close();
}

async function takeWidths(page, tab, scheme) {
  for (const width of widths) {
    await page.setViewport({ width, height: 1000, deviceScaleFactor: scale[width] });
    await page.evaluate("new Promise((resolve) => setTimeout(resolve, 400))");
    await shoot(page, join(root, "artifacts", "screenshots"), `${tab}${width}-${scheme}`);
    if (width === 1440) await shoot(page, join(root, "docs", "images"), `demo-${tab}${scheme}`);
  }
}

async function shoot(page, folder, name) {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path, fullPage: true });
  say(path);
}

async function waitForText(page, selector, pattern, timeout = 120_000) {
  const text = `document.querySelector(${JSON.stringify(selector)})?.textContent ?? ""`;
  await page.waitForFunction(`${pattern}.test(${text})`, { polling: 100, timeout });
}
