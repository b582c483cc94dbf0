import { existsSync, readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The folder of shared material beside the project; absent on most machines. */
const sharedFolder = fileURLToPath(new URL("../../../shared/", import.meta.url));

/** Whether a file or folder of the shared material is here. */
export function hasShared(path: string): boolean {
  return existsSync(sharedFolder + path);
}

/** The names of a shared folder's files that end in `extension`, sorted; none where it is absent. */
export function listShared(folder: string, extension: string): string[] {
  if (!hasShared(folder)) return [];
  return readdirSync(sharedFolder + folder)
    .filter((name) => name.endsWith(extension))
    .sort();
}

/** The bytes of a shared file. */
export function readShared(path: string): Uint8Array {
  return new Uint8Array(readFileSync(sharedFolder + path));
}
