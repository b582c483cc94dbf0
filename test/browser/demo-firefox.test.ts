import type { Browser } from "puppeteer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchFirefox } from "../support/adapter";
import { serveDemo, Visit, type DemoSite } from "./demo-page";

let site: DemoSite;
let browser: Browser | undefined;

beforeAll(async () => {
  [site, browser] = await Promise.all([serveDemo(), launchFirefox()]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

describe("the demo in Firefox", () => {
  it("scores a review, and trains to over 80 %", async ({ skip }) => {
    if (!browser) return skip();
    const here = await Visit.begin(browser, site, { hash: "#epochs=2&batchSize=100&learningRate=0.005" });
    await here.until("#check", /GPU 0\.\d+, processor 0\.\d+: they agree/);
    await here.page.click("#start");
    await here.until("#status", /^Done/, 50_000);
    expect(Number.parseFloat(await here.text("#f-val"))).toBeGreaterThan(80);
    expect(here.complaints).toEqual([]);
    await here.end();
  });
});
