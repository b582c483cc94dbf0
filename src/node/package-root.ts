import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { StateError } from "../runtime/errors";

/** The folder of this package, from wherever in it this code runs (src/, dist/ or one of its chunks). */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    if (existsSync(join(folder, "package.json")) && packageJson(folder).name === "webgpu-rnn") return folder;
    const parent = dirname(folder);
    if (parent === folder) break;
    folder = parent;
  }
  throw new StateError(
    "webgpu-rnn: expected its package.json in a folder above its files, got none; install the package afresh",
  );
}

/** The version in package.json. */
export function packageVersion(): string {
  return packageJson(packageRoot()).version ?? "unknown";
}

function packageJson(folder: string): { name?: string; version?: string } {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    name?: string;
    version?: string;
  };
}
