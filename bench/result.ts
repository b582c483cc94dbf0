import type { EngineReport } from "./driver";
import type { CaseName, EngineName } from "./engines/engine";
import type { JobSizes } from "./data";
import type { Cell, Job } from "./job";
import type { LibrarySize } from "./library-size";
import type { Machine } from "./machine";
import type { Profile } from "./profile/profile-job";
import type { Scale } from "./scale/run";

/** Where and when a measurement was taken. */
export interface Setting {
  date: string;
  machine: Machine;
  runtime: string;
  adapter: string;
  versions: Record<string, string>;
}

/** What every measurement of the job says of its circumstances. */
export interface Circumstances extends Setting {
  job: JobSizes & Pick<Job, "data" | "cell">;
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

/** Time and memory against the sizes of the net and of its input. */
export interface ScaleResult extends Setting, Scale {
  kind: "scale";
}

export type BenchResult = Comparison | ProfileResult | ScaleResult;

/** How the engines are called in tables and plots. */
export const engineTitles: Record<EngineName, string> = {
  "webgpu-rnn": "webgpu-rnn",
  "simple-rnn": "webgpu-rnn, SimpleRNN",
  "tfjs-webgpu": "TF.js, WebGPU",
  "tfjs-wasm": "TF.js, wasm",
  "onnxruntime-web": "ONNX Runtime, wasm",
  "jax-js": "jax-js, WebGPU",
};

export const cellTitles: Record<Cell, string> = { simpleRnn: "SimpleRNN", lstm: "LSTM", gru: "GRU" };

export function caseTitle(name: CaseName, batchSize: number): string {
  if (name === "train") return "training step";
  return name === "forward" ? `forward, B = ${batchSize}` : "forward, B = 1";
}
