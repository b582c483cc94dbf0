import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { findChromium, findFirefox, findSwiftShaders, findSystemDrivers } from "../../src/node/browsers.mjs";
import { capture, root } from "./run.mjs";

/** The ways in which an adapter is tested, as what the tests' support reads from the environment. */
export const ways = {
  usual: {},
  minimum: { WEBGPU_RNN_TEST_DEVICE: "minimum" },
  bare: { WEBGPU_RNN_TEST_DEVICE: "bare" },
  full: { WEBGPU_RNN_TEST_DEVICE: "full" },
  narrow: { WEBGPU_RNN_TEST_SCAN: "narrow" },
  wide: { WEBGPU_RNN_TEST_SCAN: "wide" },
};

const nodeFiles = ["test/kernels", "test/runtime", "test/model", "test/property"];
/** The tests that run in pages name the shape of the time loop themselves. */
const browserWays = ["usual", "minimum", "bare", "full"];

/**
 * Adapters and browsers of this machine.
 *
 * @param env what Node needs to find its adapters
 * @returns of each its name, the tests for it, what they need in the environment, and the ways to test it
 */
export async function findAdapters(env) {
  const inNode = (await nodeAdapters(env)).map(({ name }) => ({
    name: `Node, ${name}`,
    files: nodeFiles,
    env: { WEBGPU_RNN_ADAPTER: name },
    ways: Object.keys(ways),
  }));
  return [...inNode, ...chromium(), ...firefoxes()];
}

/** Asked for in a process of its own: a driver may crash. */
async function nodeAdapters(env) {
  const entry = pathToFileURL(join(root, "dist", "node.js")).href;
  const script = `import { listNodeAdapters } from ${JSON.stringify(entry)};
    process.stdout.write(JSON.stringify(await listNodeAdapters()));`;
  const { code, output } = await capture(process.execPath, ["--input-type=module", "-e", script], { env });
  return code === 0 ? JSON.parse(output) : [];
}

function chromium() {
  if (!findChromium()) return [];
  return [
    {
      name: "Chromium",
      browser: true,
      files: ["test/browser/chromium.test.ts"],
      // It has a driver of its own, and would take the one that is named for it.
      env: { VK_DRIVER_FILES: undefined, VK_ICD_FILENAMES: undefined },
      ways: browserWays,
    },
  ];
}

/** Firefox takes the system's Vulkan drivers, or the one that is named. */
function firefoxes() {
  if (!findFirefox()) return [];
  const configured = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  const drivers = [...(configured ? [configured] : findSystemDrivers()), ...findSwiftShaders().slice(0, 1)];
  return drivers.map((driver) => ({
    name: `Firefox, ${basename(driver, ".json")}`,
    browser: true,
    files: ["test/browser/firefox.test.ts"],
    env: { VK_DRIVER_FILES: driver },
    ways: browserWays,
  }));
}
