import { otherTraining } from "./checks";
import { mix } from "./random";
import type { Targets } from "./targets";
import type { TokenData } from "./token-data";

/** The data of a call of `fit`. */
export interface FitData {
  /** Training and validation rows in one data set. */
  data: TokenData;
  targets: { training: Targets; validation: Targets };
  /** Row numbers. */
  training: Uint32Array;
  validation: Uint32Array;
}

/** What decides the bits of a training beside the model: another value of any of these is another training. */
export interface FitSettings {
  /** Rows that are trained on. */
  trainingRows: number;
  validationRows: number;
  /** Steps of a row. */
  rowSteps: number;
  batchSize: number;
  shuffle: boolean;
  /** As it was given to `compile`; undefined where it was not. */
  seed?: number;
  /** Hashes of the values. */
  x: string;
  y: string;
  weights: string;
}

/** The settings of a call of `fit`. */
export function fitSettings(
  { data, targets, training, validation }: FitData,
  { batchSize, shuffle, seed }: { batchSize: number; shuffle: boolean; seed: number | undefined },
): FitSettings {
  const { labels, sampleWeights } = targets.training;
  const validationLabels = targets.validation.labels;
  return {
    trainingRows: training.length,
    validationRows: validation.length,
    rowSteps: data.steps,
    batchSize,
    shuffle,
    ...(seed === undefined ? {} : { seed }),
    x: hashWords(data.tokens, data.starts),
    y: hashWords(labels, ...(validationLabels === labels ? [] : [validationLabels])),
    weights: sampleWeights ? hashWords(sampleWeights) : "none",
  };
}

/** How a message calls each of them. */
const names: Record<keyof FitSettings, string> = {
  trainingRows: "rows to train on",
  validationRows: "rows for validation",
  rowSteps: "steps in a row of x",
  batchSize: "batchSize",
  shuffle: "shuffle",
  seed: "seed in compile",
  x: "the x of before, of hash",
  y: "the y of before, of hash",
  weights: "the sample or class weights of before, of hash",
};

/**
 * @throws {InvalidInputError} a setting or the data differ from those of the checkpoint; the message says which.
 */
export function compareSettings(saved: FitSettings, now: FitSettings): void {
  for (const key of Object.keys(names) as (keyof FitSettings)[]) {
    if (saved[key] === now[key]) continue;
    // Without a seed of its own the run takes over the checkpoint's generators, whatever they were seeded with.
    if (key === "seed" && now.seed === undefined) continue;
    throw otherTraining(`${names[key]} ${saved[key] ?? "none"}, as in the checkpoint`, String(now[key]));
  }
}

/**
 * A hash of the values' bits, as eight hexadecimal digits. It tells data sets apart; it proves nothing.
 *
 * @see Appleby's MurmurHash3 (x86, 32 bits)
 */
export function hashWords(...arrays: readonly (Uint32Array | Float32Array)[]): string {
  let hash = 0;
  const add = (value: number): void => {
    const word = Math.imul(value, 0xcc9e2d51);
    hash ^= Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  };
  for (const array of arrays) {
    const words = new Uint32Array(array.buffer, array.byteOffset, array.length);
    words.forEach(add);
    add(words.length);
  }
  return mix(hash).toString(16).padStart(8, "0");
}
