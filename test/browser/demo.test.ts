import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, ElementHandle } from "puppeteer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/adapter";
import { hdf5Writer, serveDemo, Visit, type Circumstances, type DemoSite } from "./demo-page";

let site: DemoSite;
let browser: Browser | undefined;

beforeAll(async () => {
  [site, browser] = await Promise.all([serveDemo(), launchChromium()]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

/** Runs a test in a visit of its own; a complaint of the page fails it. */
async function visit(skip: () => void, run: (visit: Visit) => Promise<void>, circumstances?: Circumstances) {
  if (!browser) return skip();
  const here = await Visit.begin(browser, site, circumstances);
  try {
    await run(here);
    expect(here.complaints).toEqual([]);
  } finally {
    await here.end();
  }
}

const percentOf = (text: string): number => Number.parseFloat(text);

/** The longest task after start-up, and how far things moved without being told to, from now on. */
const watchStutter = `
  window.longest = 0;
  window.moved = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
  }).observe({ type: "longtask" });
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.moved += value;
  }).observe({ type: "layout-shift" });`;

describe("the demo in Chromium", () => {
  // Not met since the library runs all of Keras's recurrent layers and reads and writes their files. Once it is met,
  // this says so by failing.
  it.fails("has less than 150 KB of scripts", () => {
    expect(site.compressedScripts).toBeLessThan(150_000);
  });

  it("has less than 180 KB of scripts", () => {
    expect(site.compressedScripts).toBeLessThan(180_000);
    expect(site.compressedScripts).toBeGreaterThan(30_000);
  });

  it("scores a review at once, and the GPU agrees", async ({ skip }) => {
    const times: number[] = [];
    for (let attempt = 0; attempt < 3 && !(Math.min(...times) < 2000); attempt++) {
      await visit(skip, async (here) => {
        await here.until("#probability", /%/);
        times.push(Number(await here.page.evaluate("performance.now()")));
        await here.until("#check", /GPU 0\.\d+, processor 0\.\d+: they agree\./);
      });
    }
    // The best of three: the machine may have other things to do.
    if (times.length > 0) expect(Math.min(...times)).toBeLessThan(2000);
  });

  it("shows words, padding and unknown words as what they are", async ({ skip }) => {
    await visit(skip, async (here) => {
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
  });

  it("moves over the words by keyboard", async ({ skip }) => {
    await visit(skip, async (here) => {
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
  });

  it("trains to over 80 % without stutter, and two runs compare", async ({ skip }) => {
    await visit(
      skip,
      async (here) => {
        await here.ready();
        await here.page.evaluate(watchStutter);
        const clicked = Date.now();
        await here.page.click("#start");
        await here.until("#f-step", /\d/);
        expect(Date.now() - clicked).toBeLessThan(5000);
        await here.until("#live", /Epoch 1 of 2: validation accuracy/);
        await here.until("#status", /^Done/);
        expect(percentOf(await here.text("#f-val"))).toBeGreaterThan(80);
        expect(await here.page.evaluate("window.longest")).toBeLessThan(100);
        expect(await here.page.evaluate("window.moved")).toBeLessThan(0.01);
        expect(await here.text("#net-name")).toBe("Run 1, trained");
        await here.page.$eval("#knob-units", (knob) => {
          (knob as HTMLInputElement).value = "8";
          knob.dispatchEvent(new Event("change"));
        });
        expect(here.page.url()).toContain("units=8");
        await here.page.click("#start");
        await here.until("#status", /^Training/);
        await here.until("#status", /^Done/);
        const runs = await here.rows("#runs");
        expect(runs.map(([name]) => name)).toEqual(["Run 2", "Run 1", "Recorded"]);
        expect(runs[0][1]).toBe("sample, units 8");
        await here.openDetails("#epoch-table");
        const epochs = (await here.rows("#epoch-table")).map(([name, epoch]) => `${name} ${epoch}`);
        expect(epochs.slice(0, 4)).toEqual(["Run 2 1", "Run 2 2", "Run 1 1", "Run 1 2"]);
        expect(here.files.filter((name) => hdf5Writer.test(name))).toEqual([]);
      },
      { hash: "#epochs=2" },
    );
  });

  it("pauses, steps, and goes on after a reload as if it had never stopped", async ({ skip }) => {
    await visit(
      skip,
      async (here) => {
        await here.ready();
        await here.page.click("#start");
        await here.until("#status", /^Done/);
        await here.page.click("#step");
        await here.until("#status", /^Paused/);
        await here.page.click("#step");
        await here.until("#f-step", /^1 \//);
        await here.page.click("#pause");
        await here.until("#f-step", /^[2-9]|^1\d/);
        await here.page.click("#pause");
        await here.until("#status", /^Paused/);
        await here.page.evaluate("new Promise((resolve) => setTimeout(resolve, 600))");
        const stopped = Number.parseInt(await here.text("#f-step"), 10);
        await here.page.click("#step");
        await here.until("#f-step", new RegExp(`^${stopped + 1} /`));
        await here.page.evaluate("new Promise((resolve) => setTimeout(resolve, 400))");
        await here.reload();
        await here.until("#notice", new RegExp(`Run 2 stands at epoch [12] of 2, step ${stopped + 1}`));
        await here.page.click("#go-on");
        await here.until("#status", /^Done/);
        await here.openDetails("#epoch-table");
        const figures = (await here.rows("#epoch-table")).map(([name, ...rest]) => ({ name, rest }));
        const of = (run: string) => figures.filter(({ name }) => name === run).map(({ rest }) => rest);
        expect(of("Run 2")).toHaveLength(2);
        expect(of("Run 2")).toEqual(of("Run 1"));
      },
      { hash: "#epochs=2&batchSize=64" },
    );
  });

  it("goes on by itself when the GPU is lost", async ({ skip }) => {
    await visit(
      skip,
      async (here) => {
        await here.ready();
        await here.page.click("#start");
        await here.until("#live", /Epoch 1 of 6/);
        const protocol = await browser?.target().createCDPSession();
        await protocol?.send("Browser.crashGpuProcess").catch(() => undefined);
        await here.until("#live", /GPU was lost/);
        await here.until("#live", /Epoch [3-6] of 6/);
        await here.page.click("#stop");
        await here.until("#status", /^Stopped/);
        // Chromium itself reports the crash.
        here.complaints.length = 0;
      },
      { hash: "#epochs=6" },
    );
  });

  it("downloads a net in every format, and reads with it after an upload", async ({ skip }) => {
    const folder = mkdtempSync(join(tmpdir(), "webgpu-rnn-files-"));
    const file = (name: string) => join(folder, name);
    await visit(skip, async (here) => {
      await here.ready();
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
    });
    rmSync(folder, { recursive: true });
  });

  it("looks inside: errors, memory, neighbours, code", async ({ skip }) => {
    await visit(skip, async (here) => {
      await here.ready();
      await here.page.click("#find-wrong");
      await here.until("#wrong-note", /of 1600 validation reviews/);
      const wrong = await here.page.$("#wrong button");
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
  });

  it("has nothing that axe objects to, in either colour scheme", async ({ skip }) => {
    const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
    for (const scheme of ["light", "dark"] as const) {
      await visit(
        skip,
        async (here) => {
          await here.ready();
          await here.page.addScriptTag({ path: axe });
          for (const tab of ["wrong", "memory", "near", "code", "files"]) {
            await here.page.click(`#tab-${tab}`);
            const violations = await here.page.evaluate(
              `axe.run().then(({ violations }) =>
                 violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ")))`,
            );
            expect(violations).toEqual([]);
          }
        },
        { scheme },
      );
    }
  });

  it("fits any width without scrolling sideways", async ({ skip }) => {
    for (const width of [360, 768, 1920]) {
      await visit(
        skip,
        async (here) => {
          await here.ready();
          expect(await here.page.evaluate("document.documentElement.scrollWidth")).toBe(width);
        },
        { width },
      );
    }
  });
});

describe("the demo where it cannot compute", () => {
  const gpuIs = (value: string) =>
    `Object.defineProperty(Navigator.prototype, "gpu", { configurable: true, get: () => (${value}) })`;
  const adapter = (limits: string, more = "") =>
    gpuIs(`{ requestAdapter: async () => ({ info: { vendor: "test" }, limits: { ${limits} }, ${more} }) }`);

  it.each([
    ["no WebGPU", gpuIs("undefined"), /This browser has no WebGPU\..*Chrome or Edge 113/],
    ["no adapter", gpuIs("{ requestAdapter: async () => null }"), /found no graphics adapter.*driver/],
    [
      "an insecure page",
      'Object.defineProperty(window, "isSecureContext", { get: () => false })',
      /plain http.*localhost/,
    ],
    [
      "low limits",
      adapter("maxStorageBuffersPerShaderStage: 4"),
      /maxStorageBuffersPerShaderStage is 4, the kernels need 8/,
    ],
  ])("says so: %s", async (_, before, message) => {
    await visit(
      () => undefined,
      async (here) => {
        await here.until("#notice", message);
        await here.until("#probability", /%/);
        expect(await here.text("#check")).toBe("Computed on the processor, step by step.");
      },
      { before },
    );
  });

  it("plays a recorded training", async ({ skip }) => {
    await visit(
      skip,
      async (here) => {
        await here.until("#start", /Play a recorded training/);
        await here.page.waitForSelector("#runs tbody tr");
        await here.page.click("#start");
        await here.until("#live", /Recorded epoch 2/);
        expect((await here.rows("#runs"))[0][0]).toBe("Recorded");
      },
      { before: gpuIs("undefined") },
    );
  });
});
