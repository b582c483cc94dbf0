import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Browser, BrowserContext, Page } from "puppeteer";
import { build, preview } from "vite";
import { afterAll, beforeAll, expect } from "vitest";

const configFile = fileURLToPath(new URL("../../demo/vite.config.ts", import.meta.url));

/** What the name of the script that holds the package h5wasm begins with. */
export const hdf5Writer = "hdf5-writer";

/** The number that a text such as `61.2 %` begins with. */
export const percentOf = (text: string): number => Number.parseFloat(text);

/** The built demo on a local server. */
export interface DemoSite {
  address: string;
  /**
   * Bytes of its scripts, each compressed by itself as a server would send it; without the HDF5 writer, which is
   * fetched by a click on "Keras" alone.
   */
  compressedScripts: number;
  close(): Promise<void>;
}

/** Builds the demo into a folder of its own and serves it. */
export async function serveDemo(): Promise<DemoSite> {
  const outDir = mkdtempSync(join(tmpdir(), "webgpu-rnn-demo-"));
  await build({ configFile, logLevel: "error", build: { outDir, emptyOutDir: true } });
  const options = { configFile, build: { outDir }, preview: { port: 0, host: "127.0.0.1" } } as const;
  const server = await preview({ ...options, logLevel: "error" });
  const { port } = server.httpServer.address() as AddressInfo;
  const scripts = readdirSync(join(outDir, "assets")).filter(
    (name) => name.endsWith(".js") && !name.startsWith(hdf5Writer),
  );
  const sizes = scripts.map((name) => gzipSync(readFileSync(join(outDir, "assets", name))).length);
  return {
    address: `http://127.0.0.1:${port}/`,
    compressedScripts: sizes.reduce((sum, size) => sum + size, 0),
    async close() {
      await server.close();
      rmSync(outDir, { recursive: true, force: true });
    },
  };
}

/** The demo in one browser for all tests of a file. */
export interface Demo {
  readonly site: DemoSite;
  /** Undefined where none is installed. */
  readonly browser: Browser | undefined;
  /** Runs a test in a visit of its own; a complaint of the page fails it. */
  visit(
    skip: () => void,
    run: (visit: Visit) => Promise<void>,
    circumstances?: Circumstances,
  ): Promise<unknown>;
}

/** Opens the demo before a file's first test and closes it behind its last. */
export function demoIn(launch: () => Promise<Browser | undefined>): Demo {
  let site: DemoSite;
  let browser: Browser | undefined;
  beforeAll(async () => {
    [site, browser] = await Promise.all([serveDemo(), launch()]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });
  return {
    get site() {
      return site;
    },
    get browser() {
      return browser;
    },
    async visit(skip, run, circumstances) {
      if (!browser) return skip();
      const here = await Visit.begin(browser, site, circumstances);
      try {
        await run(here);
        expect(here.complaints).toEqual([]);
      } finally {
        await here.end();
      }
    },
  };
}

/** What to change in the browser before the page's first script. */
export interface Circumstances {
  hash?: string;
  scheme?: "light" | "dark";
  width?: number;
  /** A script that runs in the page before its own. */
  before?: string;
}

/** A visit to the demo in a browser context of its own, with what it complains about. */
export class Visit {
  /** Errors and warnings of the console, uncaught errors, requests that failed or went elsewhere. */
  readonly complaints: string[] = [];
  /** Names of the files that were asked for. */
  readonly files: string[] = [];

  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    private readonly address: string,
  ) {
    page.on("console", (message) => {
      if (["error", "warn"].includes(message.type())) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("request", (request) => {
      this.files.push(request.url().split("/").at(-1) ?? "");
      const here = [address, "data:", "blob:"].some((start) => request.url().startsWith(start));
      if (!here) this.complaints.push(`request to ${request.url()}`);
    });
    page.on("requestfailed", (request) => this.complaints.push(`failed: ${request.url()}`));
  }

  static async begin(browser: Browser, site: DemoSite, circumstances: Circumstances = {}): Promise<Visit> {
    const { hash = "", scheme, width = 1280, before } = circumstances;
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    const visit = new Visit(page, context, site.address);
    await page.setViewport({ width, height: 900 });
    if (scheme) await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    if (before) await page.evaluateOnNewDocument(before);
    await page.goto(site.address + hash);
    return visit;
  }

  async end(): Promise<void> {
    await this.context.close();
  }

  text(selector: string): Promise<string> {
    return this.page.$eval(selector, (element) => element.textContent ?? "");
  }

  rows(selector: string): Promise<string[][]> {
    const cells = (rows: Element[]) =>
      rows.map((row) => Array.from(row.children, (cell) => cell.textContent ?? ""));
    return this.page.$$eval(`${selector} tbody tr`, cells);
  }

  /** Waits until the element's text matches, and returns it. */
  async until(selector: string, pattern: RegExp, timeout = 30_000): Promise<string> {
    const text = `(document.querySelector(${JSON.stringify(selector)})?.textContent ?? "")`;
    try {
      await this.page.waitForFunction(`${pattern}.test(${text})`, { polling: 50, timeout });
    } catch (cause) {
      const shows = await this.text(selector);
      throw new Error(`demo: expected ${selector} to show ${pattern}, got "${shows}"`, { cause });
    }
    return this.text(selector);
  }

  /** Waits until the page can train. */
  async ready(): Promise<void> {
    await this.until("#check", /processor/);
    await this.page.waitForSelector("#runs tbody tr");
  }

  async write(review: string): Promise<void> {
    const script = `{
      const area = document.querySelector("#review");
      area.value = ${JSON.stringify(review)};
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }`;
    await this.page.evaluate(script);
  }

  /** What stands behind the address: the settings. */
  async hash(): Promise<string> {
    return String(await this.page.evaluate("location.hash"));
  }

  /** Turns a knob. */
  async turn(id: string, value: string): Promise<void> {
    const script = `{
      const knob = document.getElementById(${JSON.stringify(id)});
      knob.value = ${JSON.stringify(value)};
      knob.dispatchEvent(new Event("change"));
    }`;
    await this.page.evaluate(script);
  }

  /** Notes the longest task, and how far things move without being told to, from now on. */
  async watch(): Promise<void> {
    const script = `
      window.longest = 0;
      window.moved = 0;
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
      }).observe({ type: "longtask" });
      new PerformanceObserver((list) => {
        for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.moved += value;
      }).observe({ type: "layout-shift" });`;
    await this.page.evaluate(script);
  }

  /** What {@link watch} has noted: milliseconds, and the browser's measure of layout shifts. */
  async watched(): Promise<{ longest: number; moved: number }> {
    return (await this.page.evaluate("({ longest, moved })")) as { longest: number; moved: number };
  }

  /** Presses Tab until the element has the focus. */
  async tabTo(id: string): Promise<void> {
    const focused = () => this.page.evaluate("document.activeElement.id");
    for (let presses = 0; presses < 100; presses++) {
      if ((await focused()) === id) return;
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`demo: expected #${id} within 100 presses of Tab, got #${String(await focused())}`);
  }

  async openDetails(table: string): Promise<void> {
    await this.page.evaluate(`document.querySelector("${table}").closest("details").open = true`);
  }

  async reload(): Promise<void> {
    await this.page.goto("about:blank");
    await this.page.goto(this.address);
  }
}
