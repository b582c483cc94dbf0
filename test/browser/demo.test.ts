import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ElementHandle } from "puppeteer";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/adapter";
import { demoIn, percentOf, Visit } from "./demo-page";

const demo = demoIn(launchChromium);

describe("the demo's scripts", () => {
  it("are less than 150 KB, compressed, workers and all", () => {
    expect(demo.site.compressedScripts).toBeLessThan(150_000);
    expect(demo.site.compressedScripts).toBeGreaterThan(50_000);
  });
});

describe("the demo in Chromium", () => {
  let here: Visit;
  beforeAll(async () => {
    if (demo.browser) here = await Visit.begin(demo.browser, demo.site);
  });
  afterEach(() => expect(here?.complaints ?? []).toEqual([]));
  afterAll(() => here?.end());

  it("scores a review at once, and the GPU agrees", async ({ skip }) => {
    if (!demo.browser) return skip();
    const times: number[] = [];
    for (let attempt = 0; attempt < 3 && !(Math.min(...times) < 2000); attempt++) {
      if (attempt > 0) await here.reload();
      await here.until("#probability", /%/);
      times.push(Number(await here.page.evaluate("performance.now()")));
      await here.until("#check", /GPU 0\.\d+, processor 0\.\d+: they agree\./);
    }
    // The best of three: the machine may have other things to do.
    expect(Math.min(...times)).toBeLessThan(2000);
  });

  it("shows words, padding and unknown words as what they are", async ({ skip }) => {
    if (!demo.browser) return skip();
    await here.ready();
    await here.write("It is a wonderful, kaleidoscopic film!");
    await here.until("#words", /^113 × padding start It is a wonderful kaleidoscopic film/);
    expect(await here.page.$$eval("#words .unknown", (all) => all.map((one) => one.textContent))).toEqual([
      "kaleidoscopic",
    ]);
    await here.openDetails("#word-table");
    const rows = await here.rows("#word-table");
    expect(rows.map(([word]) => word)).toEqual([
      "start mark",
      "It",
      "is",
      "a",
      "wonderful",
      "kaleidoscopic (unknown)",
      "film",
    ]);
    expect(rows.map(([, id]) => id).slice(0, 2)).toEqual(["1", "4"]);
    await here.write("I hated every minute of it.");
    await here.until("#words", /start I hated/);
    expect(percentOf(await here.text("#probability"))).toBeLessThan(20);
    await here.write("I loved every minute of it.");
    await here.until("#words", /start I loved/);
    expect(percentOf(await here.text("#probability"))).toBeGreaterThan(80);
  });

  it("moves over the words by keyboard", async ({ skip }) => {
    if (!demo.browser) return skip();
    await here.ready();
    await here.write("It is dull");
    await here.until("#words", /start It is dull/);
    await here.page.focus("#strip");
    await here.page.keyboard.press("Home");
    expect(await here.text("#word-detail")).toMatch(/start mark/);
    await here.page.keyboard.press("ArrowRight");
    await here.page.keyboard.press("ArrowRight");
    const value = await here.page.$eval("#strip", (strip) => strip.getAttribute("aria-valuetext"));
    expect(value).toMatch(/^“is”: .* after it/);
    await here.page.focus("#tab-wrong");
    await here.page.keyboard.press("ArrowRight");
    expect(await here.page.$eval("#panel-memory", (panel) => (panel as HTMLElement).hidden)).toBe(false);
  });

  it("looks inside: errors, memory, neighbours, code", async ({ skip }) => {
    if (!demo.browser) return skip();
    await here.ready();
    await here.page.click("#tab-wrong");
    await here.page.click("#find-wrong");
    await here.until("#wrong-note", /of 1600 validation reviews/);
    const wrong = await here.page.waitForSelector("#wrong button");
    const says = await wrong?.$eval("small", (note) => note.textContent);
    await wrong?.click();
    const asked = /The net: ([\d.]+) %/.exec(says ?? "")?.[1];
    await here.until("#probability", new RegExp(`^${asked} %`));
    await here.page.click("#tab-memory");
    await here.until("#memory-note", /Mean of 64 reviews/);
    await here.openDetails("#memory-table");
    const memory = (await here.rows("#memory-table")).map(([, value]) => Number(value));
    expect(memory[0]).toBeGreaterThan(10 * memory[60]);
    await here.page.click("#tab-near");
    await here.until("#near", /\d\.\d\d/);
    await here.page.click("#tab-code");
    expect(await here.text("#code-ts")).toContain("simpleRNN(16)");
    expect(await here.text("#code-py")).toContain("layers.SimpleRNN(16)");
  });

  it("downloads a net in every format, and reads with it after an upload", async ({ skip }) => {
    const folder = mkdtempSync(join(tmpdir(), "webgpu-rnn-files-"));
    const file = (name: string) => join(folder, name);
    if (!demo.browser) return skip();
    await here.ready();
    await here.page.select("#example", "1");
    await here.page.select("#example", "0");
    await here.until("#words", /My sister told me/);
    const before = await here.text("#probability");
    const protocol = await here.page.createCDPSession();
    await protocol.send("Page.setDownloadBehavior", { behavior: "allow", downloadPath: folder });
    await here.page.click("#tab-files");
    for (const format of ["safetensors", "onnx", "keras", "tfjs"]) {
      await here.page.click(`#download-${format}`);
      await here.until(
        "#file-note",
        format === "tfjs" ? /model\.json and .* written/ : new RegExp(`${format} written`),
      );
    }
    const complete = () => readdirSync(folder).filter((name) => !name.endsWith(".crdownload"));
    await expect.poll(() => complete().length, { timeout: 5000 }).toBe(5);
    const shards = complete().filter((name) => /\.(json|bin)$/.test(name));
    const input = (await here.page.$("#model-file")) as ElementHandle<HTMLInputElement>;
    for (const names of [["simple-rnn.safetensors"], ["simple-rnn.keras"], shards]) {
      await here.write("Something else");
      await here.until("#words", /start Something else/);
      await input.uploadFile(...names.map(file));
      await here.until("#file-note", new RegExp(`${names[0]} reads now`));
      await here.page.select("#example", "1");
      await here.page.select("#example", "0");
      await here.until("#probability", new RegExp(`^${before}$`));
    }
    await input.uploadFile(new URL(import.meta.url).pathname);
    await here.until("#file-note", /demo\.test\.ts: .*expected/);
    expect(await here.text("#probability")).toBe(before);
    rmSync(folder, { recursive: true });
  });
});
