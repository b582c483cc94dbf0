import type { Platform, Store } from "../datasets/store";

// Asked for at run time, not imported: bundlers for the browser follow the dynamic import that leads here.
const fs = process.getBuiltinModule("node:fs/promises");
const path = process.getBuiltinModule("node:path");
const os = process.getBuiltinModule("node:os");
const { fileURLToPath } = process.getBuiltinModule("node:url");

const CACHE_NAME = "webgpu-rnn";

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

/** Writes beside, flushes, renames: whoever reads sees the whole file or none. */
async function writeAtomically(target: string, bytes: Uint8Array): Promise<void> {
  await fs.mkdir(path.dirname(target), { recursive: true });
  const beside = `${target}.${process.pid}-${crypto.randomUUID()}.part`;
  try {
    const file = await fs.open(beside, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(beside, target);
  } catch (error) {
    await fs.rm(beside, { force: true });
    throw error;
  }
}

/**
 * A folder as a store of files.
 *
 * @param folder its path or `file:` URL
 * @example
 * const bytes = await openFolder("data").read("imdb.npz"); // undefined where there is no such file
 */
export function openFolder(folder: string | URL): Store {
  const place = folder instanceof URL || folder.startsWith("file:") ? fileURLToPath(folder) : folder;
  return {
    place,
    async read(name) {
      try {
        return new Uint8Array(await fs.readFile(path.join(place, name)));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    write: (name, bytes) => writeAtomically(path.join(place, name), bytes),
  };
}

/**
 * The folder in which this user's programs keep what can be fetched again: `$XDG_CACHE_HOME` or `~/.cache`,
 * `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows; in it, `webgpu-rnn`.
 */
export function userCacheFolder(platform: string = process.platform, env = process.env): string {
  const home = os.homedir();
  if (platform === "win32") {
    return path.join(env.LOCALAPPDATA ?? path.join(home, "AppData", "Local"), CACHE_NAME);
  }
  if (platform === "darwin") return path.join(home, "Library", "Caches", CACHE_NAME);
  // Empty means unset, says the XDG base directory specification.
  const named = env.XDG_CACHE_HOME === "" ? undefined : env.XDG_CACHE_HOME;
  return path.join(named ?? path.join(home, ".cache"), CACHE_NAME);
}

export const nodePlatform: Platform = {
  folder: openFolder,
  namedFolder: () => (process.env.WEBGPU_RNN_DATA ? openFolder(process.env.WEBGPU_RNN_DATA) : undefined),
  cache: () => Promise.resolve(openFolder(userCacheFolder())),
};
