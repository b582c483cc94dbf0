import { join } from "node:path";
import type { Browser } from "puppeteer";
import type { JobConfig, JobData, JobEvent, JobResult, PageJob, PageOutcome } from "../job/types";
import type { ByteStore } from "../io/checkpoint";
import { DeviceError, StateError } from "../runtime/errors";
import { launchBrowser } from "./launch-browser";
import { packageRoot } from "./package-root";
import { servePage, type PageServer } from "./page-server";

export interface BrowserJobOptions {
  emit: (event: JobEvent) => void;
  signal?: AbortSignal;
  /** Where the page's checkpoints go, and the strings in them. */
  checkpoint?: { bytes: ByteStore } & NonNullable<PageJob["checkpoint"]>;
  /** The folder of the built library. Default: this package's dist. */
  library?: string;
}

/**
 * Runs the job in a headless browser: the same code on the same data, its events passed on.
 *
 * @throws {DeviceError} no browser, or none with a WebGPU adapter.
 * @throws {StateError} the job failed in the page; the message is the page's.
 */
export async function runInBrowser(
  config: JobConfig,
  data: JobData,
  { emit, signal, checkpoint, library = join(packageRoot(), "dist") }: BrowserJobOptions,
): Promise<{ result: JobResult; weights: Uint8Array }> {
  const server = await servePage(library, data, checkpoint?.bytes);
  let browser: Browser | undefined;
  const stop = () => void browser?.close();
  try {
    browser = await launchWithAdapter(server);
    signal?.throwIfAborted();
    signal?.addEventListener("abort", stop, { once: true });
    const { preprocessing } = data;
    const job: PageJob = {
      ...{ config, shapes: shapesOf(data), preprocessing },
      checkpoint: checkpoint && { metadata: checkpoint.metadata, resume: checkpoint.resume },
    };
    const result = await runPage(browser, server, job, emit);
    return { result, weights: await server.weights };
  } catch (error) {
    // A browser that was closed in mid-run fails in its own words.
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
    await browser?.close();
    server.close();
  }
}

function shapesOf({ train, test }: JobData): PageJob["shapes"] {
  return { train: train.x.shape, test: test.x.shape };
}

async function runPage(
  browser: Browser,
  server: PageServer,
  job: PageJob,
  emit: (event: JobEvent) => void,
): Promise<JobResult> {
  const page = await browser.newPage();
  await page.goto(server.address);
  await page.exposeFunction("emitJobEvent", emit);
  // As text: a bundler would take the page's import for one of this file's.
  const call = `import("/job-page.js").then((page) => page.runJobInPage(${JSON.stringify(job)}))`;
  const outcome = (await page.evaluate(call)) as PageOutcome;
  if ("error" in outcome) throw new StateError(outcome.error);
  return outcome.result;
}

/** A GPU where the browser has one; else its software adapter, which must be asked for at its start. */
async function launchWithAdapter(server: PageServer): Promise<Browser> {
  for (const swiftshader of [false, true]) {
    const browser = await launchBrowser({ swiftshader });
    const page = await browser.newPage();
    await page.goto(server.address);
    const found = await page.evaluate(
      "navigator.gpu?.requestAdapter().then((adapter) => adapter !== null) ?? false",
    );
    if (found) return browser;
    await browser.close();
  }
  throw new DeviceError(
    "imdb: expected a WebGPU adapter in the browser, got none; update the browser and the graphics driver",
  );
}
