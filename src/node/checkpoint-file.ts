import { readdir, readFile, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { checkpointStore, type ByteStore } from "../io/checkpoint";
import type { CheckpointStore } from "../model/snapshot";
import { writeFileAtomic } from "./files";

/**
 * Keeps checkpoints in a file. Each is written beside it, flushed to the disk, and then takes its name: whenever the
 * process is killed, the last complete one is there.
 *
 * @param path of the file; missing folders are made
 * @param options.metadata strings of yours, kept in the file
 * @throws InvalidInputError when `metadata` uses a reserved name or holds something but strings
 * @example
 * const store = fileCheckpoints("artifacts/run.checkpoint.safetensors");
 * await model.fit(x, y, { epochs: 10, checkpoint: { store, everySeconds: 10 }, resume: true });
 * await store.clear();
 */
export function fileCheckpoints(
  path: string,
  options: { metadata?: Readonly<Record<string, string>> } = {},
): CheckpointStore {
  return checkpointStore(fileBytes(path), options);
}

/** A file as a place for bytes; see {@link fileCheckpoints}. */
export function fileBytes(path: string): ByteStore {
  const target = resolve(path);
  return {
    save: (bytes) => writeFileAtomic(target, bytes),
    async load() {
      await removeDrafts(target);
      try {
        return new Uint8Array(await readFile(target));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    async clear() {
      await removeDrafts(target);
      await rm(target, { force: true });
    },
  };
}

/** Removes what processes that were killed have left half-written. */
async function removeDrafts(target: string): Promise<void> {
  const folder = dirname(target);
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const [, pid] = name.startsWith(basename(target)) ? (/\.(\d+)\.part$/.exec(name) ?? []) : [];
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(folder, name), { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
