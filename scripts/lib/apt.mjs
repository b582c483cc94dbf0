import { existsSync, readFileSync } from "node:fs";
import { capture, lastLines, say } from "./run.mjs";

const options = [
  "-qq",
  "-o=Acquire::http::Timeout=5",
  "-o=Acquire::https::Timeout=5",
  "-o=Acquire::Retries=0",
  "-o=DPkg::Lock::Timeout=60",
];
// Without a network, the resolver's own patience would be far longer than apt's.
const env = { DEBIAN_FRONTEND: "noninteractive", RES_OPTIONS: "timeout:3 attempts:1" };

/** Whether this is Debian (or close kin), and we may install its packages. Ubuntu's chromium is an empty shell. */
export function canInstall() {
  if (process.platform !== "linux" || process.getuid() !== 0 || !existsSync("/usr/bin/apt-get")) return false;
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  return /^ID(_LIKE)?="?.*debian/m.test(release) && !/^ID(_LIKE)?="?.*ubuntu/m.test(release);
}

/** Installs Debian packages and says so; resolves to whether that worked. */
export async function install(...packages) {
  say(`installing ${packages.join(" and ")} with apt-get (a minute or two)`);
  const get = (...args) => capture("apt-get", [...options, ...args], { env, timeout: 900_000 });
  const wanted = ["install", "-y", "--no-install-recommends", ...packages];
  // With the lists of an old image, apt would install browsers that have no WebGPU yet.
  const update = await get("update");
  const installed = await get(...wanted);
  const result = installed.code === 0 || update.code === 0 ? installed : update;
  if (result.code !== 0) say(`apt-get failed:\n${lastLines(result, 4)}`);
  return result.code === 0;
}
