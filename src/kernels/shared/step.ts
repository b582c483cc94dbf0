/**
 * What every kernel of a training step may read about the batch at hand. Declared once: the WGSL struct
 * and the CPU's packing both come from this table.
 */
const fields = {
  /** Samples B in this batch. */
  samples: "u32",
  /** Segments: the samples, and the shared padding prefix where there is one. */
  segments: "u32",
  /** Steps of the longest segment. */
  steps: "u32",
  /** State rows N of all segments together. */
  rows: "u32",
  /** Distinct tokens D in this batch. */
  distinct: "u32",
  /** Tasks K of the sum by token; at least one for every distinct token. */
  tasks: "u32",
  /** Output rows: samples, or state rows where the net returns sequences. */
  outputs: "u32",
  /** Where this step's loss and accuracy go. */
  metric: "u32",
  /** The optimizer's step size, Adam's bias correction included. */
  rate: "f32",
  /** The size of Nadam's step along the gradient itself, beside the one along its mean. */
  gradientRate: "f32",
  /** Nadam's epsilon, with the correction for the bias of early steps. */
  epsilon: "f32",
  /** The learning rate without corrections, for decoupled weight decay. */
  learningRate: "f32",
  /** Of the random numbers that dropout draws in this step. */
  seed: "u32",
  /** Samples of the batch in the parts before this one. */
  before: "u32",
  /** Steps of these samples, and of a sample's windows before this one. */
  earlier: "u32",
  /** Windows of a sample from this one on: 1 in its last; 0 where samples are taken whole. */
  windows: "u32",
} as const;

export type StepField = keyof typeof fields;
export type StepValues = Record<StepField, number> & {
  /** Those of each window, where a sample is taken in windows of time. */
  inWindows?: readonly StepValues[];
};

/** Length of the packed struct in 32-bit words. */
export const stepWords = 16;

/** Of a step on nothing that changes no weights. */
export const noStep = Object.fromEntries(Object.keys(fields).map((name) => [name, 0])) as Record<
  StepField,
  number
>;

export const stepStruct = `struct Step {\n${Object.entries(fields)
  .map(([name, type]) => `  ${name}: ${type},`)
  .join("\n")}\n}`;

/** Packs the values as WGSL lays the struct out. */
export function packStep(values: StepValues, into: Uint32Array): void {
  const floats = new Float32Array(into.buffer, into.byteOffset, into.length);
  Object.entries(fields).forEach(([name, type], i) => {
    (type === "u32" ? into : floats)[i] = values[name as StepField];
  });
}

/**
 * A segment is one run of the recurrence over consecutive state rows. Row `row` holds the state before
 * the first step, row `row + k` the state after step k. So the state before any step lies in the row above
 * the state after it, and one product over neighbouring rows gives the recurrent kernel's gradient.
 *
 * `origin` is the row from which the state before the first step is copied, or `noOrigin` for zeros.
 * `tokens` is where the segment's token ids begin.
 */
export const segmentStruct = /* wgsl */ `struct Segment {
  row: u32,
  steps: u32,
  tokens: u32,
  origin: u32,
}`;

export const segmentWords = 4;
export const noOrigin = 0xffff_ffff;
