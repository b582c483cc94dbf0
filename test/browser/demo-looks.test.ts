import { createRequire } from "node:module";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/adapter";
import { demoIn, Visit } from "./demo-page";

const demo = demoIn(launchChromium);

describe("the demo's looks", () => {
  let here: Visit;
  beforeAll(async () => {
    if (!demo.browser) return;
    here = await Visit.begin(demo.browser, demo.site, { scheme: "light" });
    await here.ready();
  });
  afterEach(() => expect(here?.complaints ?? []).toEqual([]));
  afterAll(() => here?.end());

  it.each(["light", "dark"])("have nothing that axe objects to: %s", async (scheme) => {
    if (!demo.browser) return;
    const violationsIn = async (part: string): Promise<unknown> =>
      here.page.evaluate(
        `axe.run("${part}").then(({ violations }) =>
           violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ")))`,
      );
    await here.page.addScriptTag({ path: createRequire(import.meta.url).resolve("axe-core/axe.min.js") });
    await here.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await here.page.waitForSelector(`html[data-theme="${scheme}"]`);
    for (const tab of ["wrong", "memory", "near", "kernels", "code", "files"]) {
      await here.page.click(`#tab-${tab}`);
      expect(await violationsIn(tab === "wrong" ? "html" : "#inside")).toEqual([]);
    }
    await here.page.click("#tab-write");
    expect(await violationsIn("html")).toEqual([]);
    await here.page.click("#tab-read");
  });

  it("keep still for those whom motion unsettles", async ({ skip }) => {
    if (!demo.browser) return skip();
    const moving = () =>
      here.page.evaluate(
        `[...document.querySelectorAll("*")].filter((one) => {
          const { transitionDuration, animationName } = getComputedStyle(one);
          return parseFloat(transitionDuration) > 0 || animationName !== "none";
        }).map(({ id, className }) => id || className)`,
      );
    expect(await moving()).toContain("scale-mark");
    await here.page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
    expect(await moving()).toEqual([]);
    await here.page.emulateMediaFeatures([]);
  });

  it("fit any width without scrolling sideways", async ({ skip }) => {
    if (!demo.browser) return skip();
    for (const tab of ["write", "read"]) {
      await here.page.click(`#tab-${tab}`);
      for (const width of [1920, 768, 360]) {
        await here.page.setViewport({ width, height: 900 });
        await here.page.evaluate("new Promise((resolve) => requestAnimationFrame(resolve))");
        expect(await here.page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      }
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
    await demo.visit(
      () => undefined,
      async (here) => {
        await here.until("#notice", message);
        await here.until("#probability", /%/);
        expect(await here.text("#check")).toBe("Computed on the processor, step by step.");
      },
      { before },
    );
  });

  it("says that an adapter is software, and trains on", async ({ skip }) => {
    const limits =
      "maxStorageBuffersPerShaderStage: 8, maxComputeInvocationsPerWorkgroup: 256, " +
      "maxComputeWorkgroupStorageSize: 16384, maxStorageBufferBindingSize: 2 ** 27";
    const software = gpuIs(
      `{ requestAdapter: async () => ({ info: { vendor: "test", isFallbackAdapter: true }, limits: { ${limits} } }) }`,
    );
    await demo.visit(
      skip,
      async (here) => {
        await here.until("#status", /adapter is software.*hardware acceleration/);
        expect(await here.text("#gpu")).toContain("Software: test");
        expect(await here.page.$eval("#start", (start) => start.textContent)).toBe("Train");
      },
      { before: software },
    );
  });

  it("plays a recorded training", async ({ skip }) => {
    await demo.visit(
      skip,
      async (here) => {
        await here.until("#start", /Play a recorded training/);
        await here.page.waitForSelector("#runs tbody tr");
        await here.page.click("#start");
        await here.until("#live", /Recorded epoch 1/);
        expect((await here.rows("#runs"))[0][0]).toBe("Recorded");
        const labels = (axis: string) =>
          here.page.$$eval(`.ct-label.ct-${axis}`, (all) => all.map(({ textContent }) => textContent.trim()));
        expect(await labels("horizontal")).toContain("1");
        expect(await labels("vertical")).toContain("100 %");
        expect(await here.page.$$eval(".ct-line, .ct-point", (drawn) => drawn.length)).toBeGreaterThan(4);
      },
      { before: gpuIs("undefined") },
    );
  });
});
