import type { Browser, Page } from "puppeteer";
import type { Outcome, tests } from "./page";
import { serveTests } from "./server";

type Tests = typeof tests;

/** A browser with the test page open. */
export interface TestPage {
  /** Runs a function of the page; rejects with the page's own message. */
  readonly run: <Name extends keyof Tests>(
    name: Name,
    ...parameters: Parameters<Tests[Name]>
  ) => Promise<Awaited<ReturnType<Tests[Name]>>>;
  /** What the page wrote to its console as errors or warnings, and what it threw. */
  readonly complaints: readonly string[];
  /** Hides the page and stops its timers, as browsers do with tabs that nobody looks at, and shows it again later. */
  freeze(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the test page in a browser.
 *
 * @param shared a server that goes on when the page is closed: what browsers keep belongs to its address
 */
export async function openTestPage(
  browser: Browser,
  shared?: Awaited<ReturnType<typeof serveTests>>,
): Promise<TestPage> {
  const server = shared ?? (await serveTests());
  const page = await browser.newPage();
  const complaints = listen(page);
  const variant = process.env.WEBGPU_RNN_TEST_DEVICE ?? "";
  await page.goto(`${server.address}?device=${variant}`, { waitUntil: "load" });
  await page.waitForFunction("'runTest' in globalThis", { timeout: 60_000 });
  return {
    complaints,
    run: async (name, ...parameters) => {
      const call = `runTest(${JSON.stringify(name)}, ${JSON.stringify(parameters)})`;
      const outcome = (await page.evaluate(call)) as Outcome;
      if ("error" in outcome) throw new Error(outcome.error);
      return outcome.result as never;
    },
    async freeze(milliseconds) {
      const session = await page.createCDPSession();
      await session.send("Page.setWebLifecycleState", { state: "frozen" });
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      await session.send("Page.setWebLifecycleState", { state: "active" });
      await session.detach();
    },
    async close() {
      await browser.close();
      if (!shared) await server.close();
    },
  };
}

function listen(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    const type = message.type();
    if (type === "error" || type === "warn") complaints.push(`${type}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return complaints;
}
