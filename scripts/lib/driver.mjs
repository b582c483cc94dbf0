import { existsSync, mkdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findChromiums, findSwiftShaders } from "../../src/node/browsers.mjs";
import { canInstall, install } from "./apt.mjs";
import { capture, root } from "./run.mjs";

/**
 * Makes sure that Node finds a WebGPU adapter.
 *
 * @param getBrowser installs a browser where there is none; called only where its driver is needed
 * @returns `{ adapter, env }`: the adapter found (null where there is none) and what the environment of
 *   a process must hold for it to find that adapter
 */
export async function ensureDriver(getBrowser) {
  const asItIs = await probe({});
  if (asItIs || process.platform !== "linux") return { adapter: asItIs, env: {} };
  if (findSwiftShaders().length === 0) await getBrowser();
  return (
    (await tried({})) ??
    (await tried(browsersLoader())) ??
    (await withInstalledLoader()) ?? { adapter: null, env: {} }
  );
}

async function withInstalledLoader() {
  return canInstall() && (await install("libvulkan1")) ? tried({}) : undefined;
}

async function tried(env) {
  const adapter = env && (await probe(env));
  return adapter ? { adapter, env } : undefined;
}

/** Asks for an adapter in a process of its own: a driver may crash, and libraries are looked up at start. */
async function probe(env) {
  const script = fileURLToPath(new URL("probe.mjs", import.meta.url));
  const { code, output } = await capture(process.execPath, [script], { env, timeout: 30_000 });
  try {
    return code === 0 ? JSON.parse(output) : null;
  } catch {
    return null;
  }
}

/**
 * The Vulkan loader (libvulkan.so.1) that a browser brings along. It is linked into a folder of its own,
 * for the browser's other libraries must not come before the system's.
 */
function browsersLoader() {
  const folders = [...findChromiums().map((file) => realpathSync(file)), ...findSwiftShaders()].map((file) =>
    dirname(file),
  );
  const loader = folders.map((folder) => join(folder, "libvulkan.so.1")).find((file) => existsSync(file));
  if (!loader) return undefined;
  const folder = join(root, ".cache", "vulkan");
  const link = join(folder, "libvulkan.so.1");
  mkdirSync(folder, { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(loader, link);
  return { LD_LIBRARY_PATH: [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter) };
}
