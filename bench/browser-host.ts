import { join } from "node:path";
import type { Browser, Page } from "puppeteer";
import { build, preview, type PreviewServer } from "vite";
import { launchBrowser } from "../src/node/launch-browser";
import { listNodeAdapters } from "../src/node/device";
import { DeviceError } from "../src/runtime/errors";
import { encodeJob, type Job } from "./job";
import type { Host } from "./host";
import type { Profile } from "./profile/profile-job";
import type { Outcome } from "./workbench";

/**
 * A workbench in a page of headless Chromium.
 *
 * @param root the project's root
 * @param adapter part of the adapter's description; without it a GPU where there is one, else SwiftShader
 */
export async function openBrowserHost(root: string, job: Job, adapter: string | undefined): Promise<Host> {
  const configFile = join(root, "bench", "vite.config.ts");
  await build({ configFile, logLevel: "error" });
  const server = await preview({
    configFile,
    logLevel: "error",
    plugins: [jobServer(job)],
    preview: { host: "127.0.0.1", port: 0 },
  });
  let browser: Browser | undefined;
  try {
    browser = await launchBrowser({ swiftshader: await wantsSwiftShader(adapter) });
    const page = await browser.newPage();
    await openPage(page, addressOf(server));
    const host = hostOf(browser, page, server, await browser.version());
    await checkAdapter(host, adapter);
    return host;
  } catch (error) {
    await browser?.close();
    await server.close();
    throw error;
  }
}

function hostOf(browser: Browser, page: Page, server: PreviewServer, version: string): Host {
  const run = async (code: string): Promise<never> => {
    const outcome = (await page.evaluate(code)) as Outcome;
    if ("error" in outcome) throw new Error(outcome.error);
    return outcome.result as never;
  };
  return {
    // For instance "Chrome/150.0.7871.46", with Chromium as well.
    runtime: `Chromium ${/[\d.]+/.exec(version)?.[0] ?? "of an unknown version"}`,
    call: (name, ...parameters) =>
      run(`callWorkbench(${JSON.stringify(name)}, ${JSON.stringify(parameters)})`),
    profile: (): Promise<Profile> => run("profileJob()"),
    close: async () => {
      await browser.close();
      await server.close();
    },
  };
}

/** Waits until the page has its job; what it says of an error meanwhile is the error. */
async function openPage(page: Page, address: string): Promise<void> {
  const failed = new Promise<never>((_, reject) => {
    page.once("pageerror", (error) => reject(error instanceof Error ? error : new Error(String(error))));
  });
  await page.goto(address, { waitUntil: "load" });
  await Promise.race([failed, page.waitForFunction("'callWorkbench' in globalThis", { timeout: 60_000 })]);
}

/** The job for the page. */
function jobServer(job: Job) {
  const bytes = encodeJob(job);
  return {
    name: "job",
    configurePreviewServer({ middlewares }: PreviewServer) {
      middlewares.use("/job.bin", (_, response) => {
        response.writeHead(200, { "content-type": "application/octet-stream" }).end(bytes);
      });
    },
  };
}

function addressOf(server: PreviewServer): string {
  const address = server.httpServer.address();
  if (address === null || typeof address === "string") {
    throw new Error("bench: expected the page's server to have a port, got none");
  }
  return `http://127.0.0.1:${address.port}/`;
}

async function wantsSwiftShader(adapter: string | undefined): Promise<boolean> {
  if (adapter !== undefined) return "swiftshader".includes(adapter.toLowerCase());
  return !(await listNodeAdapters()).some(({ software }) => !software);
}

async function checkAdapter(host: Host, wanted: string | undefined): Promise<void> {
  if (wanted === undefined) return;
  const found = await host.call("adapter");
  if (found.toLowerCase().includes(wanted.toLowerCase())) return;
  throw new DeviceError(
    `bench: expected an adapter whose description contains "${wanted}" in the browser, got "${found}"; ` +
      "choose that one, or swiftshader",
  );
}
