import type { Browser } from "puppeteer";
import { DeviceError } from "../runtime/errors";
import { findChromium } from "./browsers.mjs";

export interface LaunchSettings {
  /** Use the browser's software adapter even where there is a GPU. */
  swiftshader?: boolean;
  args?: readonly string[];
}

const flags = [
  "--enable-unsafe-webgpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];

/**
 * Starts the Chromium, Chrome or Edge found on this machine, headless and with WebGPU.
 *
 * @throws {DeviceError} no browser is found, puppeteer is not installed, or the browser does not start.
 */
export async function launchBrowser({
  swiftshader = false,
  args = [],
}: LaunchSettings = {}): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) {
    throw new DeviceError(
      "launchBrowser: expected Chromium, Chrome or Edge on this machine, got none; " +
        "install one, or set PUPPETEER_EXECUTABLE_PATH to its program",
    );
  }
  const { launch } = await loadPuppeteer();
  try {
    return await launch({
      executablePath,
      headless: true,
      // The caller decides what Ctrl-C does.
      handleSIGINT: false,
      args: [...flags, ...adapterFlags(swiftshader), ...sandboxFlags(), ...args],
    });
  } catch (cause) {
    throw new DeviceError(
      `launchBrowser: expected "${executablePath}" to start, got "${String(cause)}"; ` +
        "start it by hand to see what it lacks, or name another one with PUPPETEER_EXECUTABLE_PATH",
      { cause },
    );
  }
}

function adapterFlags(swiftshader: boolean): string[] {
  if (swiftshader) return ["--use-webgpu-adapter=swiftshader"];
  return process.platform === "linux" ? ["--enable-features=Vulkan"] : [];
}

/** Chromium's sandbox refuses to run as root. */
function sandboxFlags(): string[] {
  return process.getuid?.() === 0 ? ["--no-sandbox"] : [];
}

async function loadPuppeteer(): Promise<typeof import("puppeteer")> {
  try {
    return await import("puppeteer");
  } catch (cause) {
    throw new DeviceError(
      'launchBrowser: expected the package "puppeteer", got none; install it with npm install puppeteer',
      { cause },
    );
  }
}
