import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { reachable } from "./network.mjs";
import { lastLines, npm, root, say } from "./run.mjs";

const lockFile = join(root, "package-lock.json");
const modules = join(root, "node_modules");
const stampFile = join(modules, ".webgpu-rnn-packages");

/** A short hash of package-lock.json and of what decides which builds of the packages are taken. */
export function packagesKey() {
  const lock = existsSync(lockFile) ? readFileSync(lockFile) : "";
  const major = process.versions.node.split(".")[0];
  return createHash("sha256")
    .update(lock)
    .update(`${process.platform}-${process.arch}-${major}`)
    .digest("hex")
    .slice(0, 16);
}

function installed() {
  if (!existsSync(modules)) return false;
  if (existsSync(stampFile)) return readFileSync(stampFile, "utf8") === packagesKey();
  // Installed by hand: npm leaves a list behind, younger than the lock file it followed.
  const list = join(modules, ".package-lock.json");
  return existsSync(list) && existsSync(lockFile) && statSync(list).mtimeMs >= statSync(lockFile).mtimeMs;
}

/** Installs the project's packages where they are missing or not those of package-lock.json. */
export async function ensurePackages() {
  if (installed()) return;
  const registry = (await npm(["config", "get", "registry"])).output.trim().split("\n").pop() ?? "";
  // npm always names a registry; where it does not, it may try for itself.
  const online = registry.startsWith("http") ? await reachable(registry) : true;
  say(online ? "installing packages with npm ci" : "no network: installing packages from npm's cache");
  const flags = [online ? "--prefer-offline" : "--offline", "--no-audit", "--no-fund"];
  let result = await npm(["ci", ...flags]);
  if (result.code !== 0 && online) result = await npm(["install", ...flags]);
  if (result.code !== 0) {
    const remedy = online
      ? "see npm's message above, then run npm ci"
      : "connect this machine to the npm registry (or set npm's proxy) and start again";
    throw new SetupError(
      `${lastLines(result)}\nset-up: expected npm to install the packages, got an error; ${remedy}`,
    );
  }
  writeFileSync(stampFile, packagesKey());
}

/** Set-up cannot go on; the message says what to do. */
export class SetupError extends Error {}
