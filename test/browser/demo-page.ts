import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Browser, BrowserContext, Page } from "puppeteer";
import { build, preview } from "vite";

const configFile = fileURLToPath(new URL("../../demo/vite.config.ts", import.meta.url));

/** The script that holds the package h5wasm. */
export const hdf5Writer = /^hdf5/;

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
    (name) => name.endsWith(".js") && !name.startsWith("hdf5"),
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

  async openDetails(table: string): Promise<void> {
    await this.page.evaluate(`document.querySelector("${table}").closest("details").open = true`);
  }

  async reload(): Promise<void> {
    await this.page.goto("about:blank");
    await this.page.goto(this.address);
  }
}
