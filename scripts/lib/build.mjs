import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { capture, lastLines, root, say } from "./run.mjs";
import { SetupError } from "./packages.mjs";

const sources = ["src", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json"];
const stampFile = join(root, ".cache", "built");

function newest(path) {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return Math.max(status.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Builds the library to dist/ where a source is newer than it. */
export async function ensureBuilt() {
  const built =
    existsSync(join(root, "dist", "cli.js")) && existsSync(stampFile) ? statSync(stampFile).mtimeMs : 0;
  // Taken before the build: what is saved while it runs must count as newer.
  const started = Date.now();
  const changed = sources.map((name) => join(root, name)).filter((path) => existsSync(path));
  if (changed.every((path) => newest(path) <= built)) return;
  say("building the library");
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  const result = await capture(process.execPath, [vite, "build", "--logLevel", "warn"]);
  if (result.code !== 0) {
    throw new SetupError(
      `${lastLines(result, 30)}\nset-up: expected the library to build, got the errors above; mend them`,
    );
  }
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, "");
  utimesSync(stampFile, started / 1000, started / 1000);
}
