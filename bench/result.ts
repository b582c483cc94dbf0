import type { EngineReport } from "./driver";
import type { CaseName, EngineName } from "./engines/engine";
import type { JobSizes } from "./data";
import type { Job } from "./job";
import type { LibrarySize } from "./library-size";
import type { Machine } from "./machine";
import type { Profile } from "./profile/profile-job";

/** What every measurement says of its circumstances. */
export interface Circumstances {
  date: string;
  machine: Machine;
  runtime: string;
  adapter: string;
  versions: Record<string, string>;
  job: JobSizes & Pick<Job, "data">;
}

/** A comparison of the engines. */
export interface Comparison extends Circumstances {
  kind: "comparison";
  rounds: number;
  reports: EngineReport[];
  librarySizes: Partial<Record<EngineName, LibrarySize>>;
}

/** The kernels of this library, one by one. */
export interface ProfileResult extends Circumstances {
  kind: "profile";
  profile: Profile;
}

export type BenchResult = Comparison | ProfileResult;

/** How the engines are called in tables and plots. */
export const engineTitles: Record<EngineName, string> = {
  "webgpu-rnn": "webgpu-rnn",
  "tfjs-webgpu": "TF.js, WebGPU",
  "tfjs-wasm": "TF.js, wasm",
  "jax-js": "jax-js, WebGPU",
};

export function caseTitle(name: CaseName, batchSize: number): string {
  if (name === "train") return "training step";
  return name === "forward" ? `forward, B = ${batchSize}` : "forward, B = 1";
}
