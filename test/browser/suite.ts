import type { Browser } from "puppeteer";
import { afterAll, beforeAll, describe, expect, test, type TestContext } from "vitest";
import type { ScanShape } from "../../src/kernels/scan";
import { kernelCases } from "../kernels/all";
import { engineLayers } from "../support/engine";
import { parseGolden } from "../support/goldens";
import { hasShared, listShared, readShared } from "../support/shared-files";
import { openTestPage, type TestPage } from "./driver";

const shapes: ScanShape[] = ["narrow", "wide"];

/** Files of Keras's goldens whose layers the engine has. */
function goldenFiles(): string[] {
  return listShared("keras-goldens", ".safetensors").filter((file) =>
    parseGolden(readShared(`keras-goldens/${file}`)).layers.every(({ type }) => engineLayers.has(type)),
  );
}

/** Starts a browser before the tests of a file; the function gives its page, undefined where there is none. */
export function useBrowser(launch: () => Promise<Browser | undefined>): () => TestPage | undefined {
  let page: TestPage | undefined;
  beforeAll(async () => {
    const browser = await launch();
    if (!browser) return;
    page = await openTestPage(browser);
    console.log(`adapter: ${await page.run("describeAdapter")}`);
  }, 120_000);
  afterAll(async () => {
    await page?.close();
  }, 60_000);
  return () => page;
}

type PageOf = () => TestPage | undefined;

/** A test that runs in the page. */
export function pageTest(
  name: string,
  getPage: PageOf,
  run: (page: TestPage, context: TestContext) => Promise<void>,
): void {
  test(name, { timeout: 300_000 }, async (context) => {
    const page = getPage();
    if (!page) return context.skip("no such browser");
    await run(page, context);
  });
}

/** The very cases that Node runs. */
export function describeKernels(getPage: PageOf): void {
  describe("kernels against their float64 twins", () => {
    for (const { name } of kernelCases) pageTest(name, getPage, (page) => page.run("kernel", name));
  });
}

/** @param alternate take one shape for each file, in turn: for browsers in which every wait is a long one */
export function describeGoldens(getPage: PageOf, { alternate = false } = {}): void {
  describe.skipIf(!hasShared("keras-goldens"))("the engine against Keras (../shared/keras-goldens)", () => {
    for (const [i, file] of goldenFiles().entries()) {
      for (const shape of alternate ? [shapes[i % 2]] : shapes) {
        pageTest(`${file}, ${shape}`, getPage, (page) => page.run("golden", file, shape));
      }
    }
  });
}

export function describeReferences(getPage: PageOf): void {
  describe.skipIf(!hasShared("reference"))("the engine against float64 PyTorch (../shared/reference)", () => {
    for (const file of listShared("reference", ".safetensors")) {
      for (const shape of file.includes("wide") ? (["wide"] as const) : shapes) {
        pageTest(`${file}, ${shape}`, getPage, (page) => page.run("reference", file, shape));
      }
    }
  });
}

/** The last test of a file. */
export function expectNoComplaints(getPage: PageOf): void {
  pageTest("the console stayed empty", getPage, (page) => {
    expect(page.complaints).toEqual([]);
    return Promise.resolve();
  });
}
