import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

/** The machine, without anything that names it. */
export interface Machine {
  cpu: string;
  cores: number;
  system: string;
}

export function machine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    system: `${process.platform} ${process.arch}`,
  };
}

const packages = [
  "@tensorflow/tfjs-core",
  "@tensorflow/tfjs-backend-webgpu",
  "@tensorflow/tfjs-backend-wasm",
  "onnxruntime-web",
  "@jax-js/jax",
  "webgpu",
];

/** Versions of this library and of all that it is compared with. */
export function versions(root: string): Record<string, string> {
  const own = versionIn(root);
  const others = packages.map((name) => [name, versionIn(join(root, "node_modules", name))] as const);
  return { "webgpu-rnn": own, ...Object.fromEntries(others) };
}

function versionIn(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
  return version;
}
