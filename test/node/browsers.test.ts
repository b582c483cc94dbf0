import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findChromium, findChromiums, findFirefox, findSystemDrivers } from "../../src/node/browsers.mjs";
import { launchChromium, launchFirefox } from "../support/adapter";

describe.runIf(process.platform !== "win32")("finding programs", () => {
  let folder = "";
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "browsers-"))));
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  function program(...path: string[]): string {
    const file = join(folder, ...path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, "#!/bin/sh\n");
    chmodSync(file, 0o755);
    return file;
  }

  test("a configured browser comes before one on the path, and that before a downloaded one", () => {
    const configured = program("mine", "browser");
    const onPath = program("bin", "chromium");
    const old = program("cache", "chrome", "linux-99.0.1", "chrome-linux64", "chrome");
    const young = program("cache", "chrome", "linux-131.0.2", "chrome-linux64", "chrome");
    vi.stubEnv("PATH", join(folder, "bin"));
    vi.stubEnv("PUPPETEER_EXECUTABLE_PATH", configured);
    vi.stubEnv("PUPPETEER_CACHE_DIR", join(folder, "cache"));
    const ours = findChromiums().filter((file) => file.startsWith(folder));
    expect(ours).toEqual([configured, onPath, young, old]);
    expect(findChromium()).toBe(configured);
  });

  test("what cannot be run is not a browser", () => {
    const file = program("mine", "browser");
    chmodSync(file, 0o644);
    vi.stubEnv("PUPPETEER_EXECUTABLE_PATH", file);
    vi.stubEnv("CHROME_PATH", folder);
    expect(findChromiums()).not.toContain(file);
    expect(findChromiums()).not.toContain(folder);
  });

  test("Firefox is found by its variable", () => {
    const file = program("mine", "firefox");
    vi.stubEnv("FIREFOX_PATH", file);
    expect(findFirefox()).toBe(file);
  });

  test.runIf(process.platform === "linux")("Vulkan drivers are found where the loader looks", () => {
    const manifest = program("vulkan", "icd.d", "a_gpu.json");
    vi.stubEnv("XDG_DATA_DIRS", folder);
    expect(findSystemDrivers()).toContain(manifest);
  });
});

test.for([
  ["Chromium", launchChromium],
  ["Firefox", launchFirefox],
] as const)("headless %s has a WebGPU adapter", async ([name, launch], { skip }) => {
  const browser = await launch();
  if (!browser) return skip(`no ${name} here`);
  const page = "<title>t</title>";
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(page));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const tab = await browser.newPage();
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const lanes =
      "navigator.gpu.requestAdapter().then((adapter) => adapter?.limits.maxComputeInvocationsPerWorkgroup)";
    expect(await tab.evaluate(lanes)).toBeGreaterThanOrEqual(256);
  } finally {
    await browser.close();
    server.close();
  }
});
