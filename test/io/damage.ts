import type { CompileConfig } from "../../src/model/compiled";
import type { OptimizerState } from "../../src/model/training-state";
import type { SavableModel } from "../../src/io/index";
import { adam, binaryCrossentropy } from "../../src/index";
import { uniformStream } from "../support/random";
import { untrained } from "./models";

/** A file that has come to harm: cut off, with flipped bits, or with some bytes overwritten. */
export function damaged(bytes: Uint8Array, seed: number): Uint8Array<ArrayBuffer> {
  const uniform = uniformStream(seed);
  const below = (limit: number): number => Math.floor(uniform() * limit);
  const kind = uniform();
  if (kind < 0.15) return bytes.slice(0, below(bytes.length));
  const result = bytes.slice();
  // The first part of most formats says how the rest is to be read.
  const reach = uniform() < 0.5 ? bytes.length : Math.min(bytes.length, 4096);
  if (kind < 0.3) return result.fill(below(256), below(reach), below(reach) + 64);
  for (let hits = 1 + below(8); hits > 0; hits--) {
    const at = below(reach);
    if (kind < 0.7) result[at] ^= 1 << below(8);
    else result[at] = kind < 0.85 ? 255 : below(256);
  }
  return result;
}

/** A model with an optimizer in the middle of its work, without a device. */
export function halfTrained(name: string): SavableModel {
  const model = untrained(name);
  const compile: CompileConfig = { optimizer: adam(), loss: binaryCrossentropy(), metrics: ["acc"] };
  return {
    getConfig: () => model.getConfig(),
    getWeights: () => model.getWeights(),
    getCompileConfig: () => compile,
    async getOptimizerState(): Promise<OptimizerState> {
      const slot = (await model.getWeights()).map(({ data, ...weight }) => ({
        ...weight,
        data: data.map((v) => v * v),
      }));
      return { iterations: 3, learningRate: 0.001, slots: { momentum: slot, velocity: slot } };
    },
  };
}
