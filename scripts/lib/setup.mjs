import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findChromiums, findFirefox, findSwiftShaders, findSystemDrivers } from "../../src/node/browsers.mjs";
import { canInstall, install } from "./apt.mjs";
import { ensureBrowser } from "./browser.mjs";
import { ensureDriver } from "./driver.mjs";
import { SetupError, ensurePackages, packagesKey } from "./packages.mjs";
import { capture, root, say } from "./run.mjs";

const stateFile = join(root, ".cache", "setup.json");

const remedies = `Any one of these helps:
  - a Vulkan driver for this machine's GPU (Linux), or a newer graphics driver (Windows, macOS)
  - Chromium, Chrome or Edge, from your system's packages or its maker; its software adapter works without a GPU
    Debian: apt-get install chromium libvulkan1
    Fedora: dnf install chromium vulkan-loader
    Arch:   pacman -S chromium vulkan-icd-loader
  - a browser in a place of its own: set PUPPETEER_EXECUTABLE_PATH to its program
  - a network, so that puppeteer can download Chrome: npx puppeteer browsers install chrome
Then start again.`;
const nothing = `expected a WebGPU adapter in Node or a browser, got neither. ${remedies}`;

/**
 * Brings the machine to where the project runs: packages, a browser, a driver. What was found is
 * remembered in .cache/setup.json until packages, browsers or drivers change.
 *
 * @param options.browser a browser is wanted even where Node has an adapter of its own
 * @param options.optional go on where there is neither adapter nor browser
 * @returns `{ env, adapter, browser }`: what to add to a child's environment, the adapter Node finds and
 *   the browser found (null where there is none)
 */
export async function setUp({ browser: wanted = false, optional = false } = {}) {
  checkNode();
  await ensurePackages();
  const known = remembered();
  if (known && (known.browser || !wanted)) return known;
  const state = await find(wanted);
  if (!state.adapter && !state.browser) {
    if (!optional) throw new SetupError(`set-up: ${nothing}`);
    say(nothing);
    return state;
  }
  if (state.adapter) say(`using ${state.adapter.name}${state.adapter.software ? " (software)" : ""}`);
  else say("Node finds no WebGPU adapter; the browser will do the work");
  if (wanted && !state.browser) say(`no browser found for the tests that need one. ${remedies}`);
  remember(state);
  return state;
}

/** The oldest Firefox in which the tests are known to pass. */
const oldestFirefox = 153;

/** Debian's Firefox, for the tests that run in a second browser; elsewhere they skip. */
export async function ensureFirefox() {
  const firefox = findFirefox();
  const { output = "" } = firefox ? await capture(firefox, ["--version"], { timeout: 30_000 }) : {};
  const version = Number(/ (\d+)\./.exec(output)?.[1] ?? 0);
  if (version < oldestFirefox && canInstall()) await install("firefox-esr");
}

async function find(wanted) {
  // Asked for at most once: where none is to be had, a second search would take as long as the first.
  let search;
  const getBrowser = () => (search ??= ensureBrowser());
  if (wanted) await getBrowser();
  const { adapter, env } = await ensureDriver(getBrowser);
  const browser = adapter && !wanted ? null : ((await getBrowser()) ?? null);
  return { env, adapter, browser };
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new SetupError(
    `set-up: expected Node 20.19 or newer, got ${process.versions.node}; install a newer one from https://nodejs.org`,
  );
}

/** Changes with anything that decides what set-up would find. */
function stateKey() {
  const files = [...findChromiums(), ...findSwiftShaders(), ...findSystemDrivers()];
  const seen = files.map((file) => `${file} ${statSync(file).mtimeMs}`);
  const variables = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES", "LD_LIBRARY_PATH"].map(
    (name) => process.env[name] ?? "",
  );
  const parts = [packagesKey(), process.version, ...seen, ...variables];
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 16);
}

function remembered() {
  try {
    const { key, ...state } = JSON.parse(readFileSync(stateFile, "utf8"));
    return key === stateKey() ? state : undefined;
  } catch {
    return undefined;
  }
}

function remember(state) {
  mkdirSync(join(root, ".cache"), { recursive: true });
  writeFileSync(stateFile, `${JSON.stringify({ key: stateKey(), ...state }, undefined, 2)}\n`);
}

/** Runs a script's job; a set-up that cannot go on ends it with its message and exit code 1. */
export async function main(job) {
  try {
    process.exitCode = await job();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
