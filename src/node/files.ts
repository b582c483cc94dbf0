import { randomUUID } from "node:crypto";
import { access, constants, mkdir, open, readFile as read, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { describe, invalid, InvalidInputError } from "../runtime/errors";

/**
 * Writes `bytes` to `path` so that at no moment half a file is there: into a new file beside it, which
 * then takes its name. Missing folders are made.
 *
 * @example
 * await writeFileAtomic("artifacts/imdb.safetensors", await saveModel(model, "safetensors"));
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
  const target = resolve(path);
  // The process is named, so that what it leaves when it is killed can be told from what another is writing.
  const draft = `${target}.${randomUUID()}.${process.pid}.part`;
  await mkdir(dirname(target), { recursive: true });
  try {
    const file = await open(draft, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, target);
    await syncFolder(dirname(target));
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Until its folder is flushed, a new name may be lost with the machine's power. Windows opens no folders. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Makes sure that `path` can be written later, so that a long run does not end without its result.
 *
 * @throws {InvalidInputError} it is a folder, or its folder can neither be made nor written to.
 */
export async function checkWritable(path: string): Promise<void> {
  const folder = dirname(resolve(path));
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new InvalidInputError(
      describe("checkWritable", "a folder that can be written to", `"${folder}"`, "choose another place"),
      { cause },
    );
  }
  if ((await stat(path).catch(() => undefined))?.isDirectory()) {
    throw invalid("checkWritable", "a file's name", `the folder "${path}"`, "add a name");
  }
}

/**
 * Reads a whole file.
 *
 * @throws {InvalidInputError} there is no such file, or it cannot be read.
 * @example
 * const model = await loadModel(await readFile("artifacts/imdb.safetensors"));
 */
export async function readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await read(path));
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "no such file" : String(cause);
    throw new InvalidInputError(
      describe("readFile", "a file that can be read", `${reason} at "${path}"`, "check the path"),
      { cause },
    );
  }
}
