import { noOrigin, packStep, rowsPerTask, segmentWords, stepWords, type StepValues } from "../kernels";
import { alignment, type TensorDeclaration } from "../runtime/tensor";
import type { BatchLayout } from "./batch-layout";
import { countedOutputs, placeTargets, type Targets } from "./targets";
import { rowLength, type TokenData } from "./token-data";

/** What a step of the optimizer takes beside the batch. */
export type StepRates = Pick<StepValues, "rate" | "gradientRate" | "epsilon" | "learningRate" | "seed">;

/** The largest batch that a plan must hold. */
export interface BatchCapacity {
  samples: number;
  /** State rows, those before each first step included. */
  rows: number;
  distinct: number;
  tasks: number;
  outputs: number;
}

/** The capacity that every batch of `samples` rows of the data fits into. */
export function batchCapacity(
  data: TokenData,
  samples: number,
  vocabulary: number,
  layout: BatchLayout,
): BatchCapacity {
  const count = Math.min(samples, data.rows);
  const lengths = Uint32Array.from({ length: data.rows }, (_, row) => rowLength(data, row)).sort();
  let rows = layout.sharePrefix ? data.steps - lengths[0] + 1 : 0;
  for (let i = 0; i < count; i++) rows += lengths[data.rows - 1 - i] + 1;
  const distinct = Math.min(vocabulary, rows);
  return {
    samples: count,
    rows,
    distinct,
    tasks: distinct + Math.ceil(rows / rowsPerTask),
    outputs: layout.sequences ? rows : count,
  };
}

/** Whether a plan for `capacity` also holds batches of `wanted`. */
export function fits(wanted: BatchCapacity, capacity: BatchCapacity): boolean {
  return (Object.keys(wanted) as (keyof BatchCapacity)[]).every((key) => wanted[key] <= capacity[key]);
}

/** Whether two capacities are the same. */
export function equal(a: BatchCapacity, b: BatchCapacity): boolean {
  return fits(a, b) && fits(b, a);
}

/** The section with the step's values as layers in a stage read them; the first stage has the base's. */
export const stageStep = (stage: number): string => (stage === 0 ? "step" : `step ${stage}`);

/** The plan's sections as tensors of one buffer, in the order of the words. */
export function planTensors(capacity: BatchCapacity, layout: BatchLayout): TensorDeclaration[] {
  const { samples, rows, distinct, tasks, outputs } = capacity;
  const u32 = (label: string, ...shape: number[]): TensorDeclaration => ({ label, shape, dtype: "u32" });
  return [
    u32("step", stepWords),
    ...layout.stages.slice(1).map((_, i) => u32(stageStep(i + 1), stepWords)),
    u32("segments", samples + 1, segmentWords),
    { label: "labels", shape: [outputs, layout.labelWidth] },
    { label: "weights", shape: [outputs, 2] },
    u32("groupTasks", distinct + 1),
    u32("taskTokens", tasks),
    u32("rowTokens", layout.rowTokens ? rows : 1),
    u32("taskStarts", tasks + 1),
    u32("tokenRows", rows),
  ];
}

/** The sizes of a batch in a stage, in which all samples have as many steps. */
export function stageSizes(sizes: StepValues, steps: number): StepValues {
  return { ...sizes, steps, rows: sizes.samples * (steps + 1) };
}

/** Numbers of data rows, longest first, so that neighbours in a SIMD group run about equally long; stable. */
export function longestFirst(data: TokenData, rows: Uint32Array): Uint32Array {
  const keys = Float64Array.from(rows, (row, i) => (data.steps - rowLength(data, row)) * 65_536 + i).sort();
  return Uint32Array.from(keys, (key) => rows[key % 65_536]);
}

/**
 * Lays out one batch after another: which rows its states take, which tokens occur and where, labels and
 * weights. Everything goes into one block of words that is uploaded at once. Costs a few operations per
 * token; nothing is allocated per batch.
 */
export class BatchPlanner {
  /** The block to upload; `words` of it are in use after `plan`. */
  readonly block: Uint32Array;
  readonly #floats: Float32Array;
  readonly #offsets: Record<string, number> = {};
  /** For each token the batch in which it was last seen, its number there, and how often so far. */
  readonly #seenIn: Uint32Array;
  readonly #slot: Uint32Array;
  readonly #count: Uint32Array;
  readonly #next: Uint32Array;
  /** Per sample of the batch, sorted by length: the row of the data set, and its first state row. */
  readonly #sorted: Uint32Array;
  #batch = 0;

  constructor(
    readonly capacity: BatchCapacity,
    readonly layout: BatchLayout,
    vocabulary: number,
  ) {
    let size = 0;
    for (const { label, shape } of planTensors(capacity, layout)) {
      this.#offsets[label] = size;
      const words = shape.reduce((a, b) => a * b, 1);
      size += (Math.ceil((words * 4) / alignment) * alignment) / 4;
    }
    this.block = new Uint32Array(size);
    this.#floats = new Float32Array(this.block.buffer);
    this.#seenIn = new Uint32Array(vocabulary);
    this.#slot = new Uint32Array(vocabulary);
    this.#count = new Uint32Array(capacity.distinct);
    this.#next = new Uint32Array(capacity.distinct);
    this.#sorted = new Uint32Array(capacity.samples);
  }

  /** The data rows of the planned batch in the order in which its samples lie on the GPU. */
  get sorted(): Uint32Array {
    return this.#sorted;
  }

  /** The planned batch's segments, four words each. */
  get segments(): Uint32Array {
    return this.block.subarray(this.#offsets.segments, this.#offsets.labels);
  }

  /**
   * Plans a batch.
   *
   * @param data the data set whose tokens lie on the GPU as `uploadTokens` lays them out
   * @param rows numbers of the data rows in the batch
   * @param grouped whether the rows of each token are needed too (for the gradient)
   * @param rates.before samples of the whole batch before these
   * @param rates.mean outputs that the loss is a mean over: those of the whole batch of which these rows are a part
   * @returns the sizes of the batch, and how many words of the block are in use
   */
  plan(
    data: TokenData,
    targets: Targets | undefined,
    rows: Uint32Array,
    grouped: boolean,
    { mean, before = 0, ...rates }: StepRates & { metric: number; mean?: number; before?: number },
  ): { sizes: StepValues; words: number } {
    const samples = rows.length;
    this.#sorted.set(longestFirst(data, rows));
    const stateRows = this.#placeSegments(data, samples);
    const { distinct, tasks } = this.#groupTokens(data, samples, grouped);
    const { stages, sequences } = this.layout;
    const outputs = !sequences ? samples : stages.length > 0 ? samples * (stages.at(-1)! + 1) : stateRows;
    placeTargets(
      {
        labels: this.#floats.subarray(this.#offsets.labels, this.#offsets.weights),
        weights: this.#floats.subarray(this.#offsets.weights, this.#offsets.groupTasks),
      },
      {
        data,
        targets,
        layout: this.layout,
        samples: this.#sorted.subarray(0, samples),
        mean: mean ?? countedOutputs(data, this.layout, rows),
      },
    );
    const segments = samples + (this.layout.sharePrefix ? 1 : 0);
    const counts = { samples, segments, rows: stateRows, distinct, tasks, outputs };
    const sizes: StepValues = { ...counts, steps: this.#longest(samples), before, ...rates };
    packStep(sizes, this.block.subarray(0, stepWords));
    stages.forEach((steps, stage) => {
      const at = this.#offsets[stageStep(stage)];
      packStep(stageSizes(sizes, steps), this.block.subarray(at, at + stepWords));
    });
    const words = grouped ? this.#offsets.tokenRows + stateRows : this.#offsets.taskStarts;
    return { sizes, words };
  }

  /** Writes the segments; returns the number of state rows. */
  #placeSegments(data: TokenData, samples: number): number {
    const { block } = this;
    const shared = this.layout.sharePrefix;
    let at = this.#offsets.segments;
    let row = 0;
    if (shared) {
      const longest = data.steps - rowLength(data, this.#sorted[samples - 1]);
      block.set([0, longest, 0, noOrigin], at);
      at += segmentWords;
      row = longest + 1;
    }
    for (let i = 0; i < samples; i++) {
      const source = this.#sorted[i];
      const steps = rowLength(data, source);
      block[at] = row;
      block[at + 1] = steps;
      // Before the data lie as many zeros as a row has steps: the tokens of the shared padding.
      block[at + 2] = data.steps + data.starts[source];
      block[at + 3] = shared ? data.steps - steps : noOrigin;
      at += segmentWords;
      row += steps + 1;
    }
    return row;
  }

  /** Numbers the distinct tokens and, if `grouped`, lists the state rows of each. */
  #groupTokens(data: TokenData, samples: number, grouped: boolean): { distinct: number; tasks: number } {
    const { block } = this;
    const batch = ++this.#batch;
    const seenIn = this.#seenIn;
    const slot = this.#slot;
    const count = this.#count;
    const { groupTasks, taskTokens, taskStarts } = this.#offsets;
    const tokens = data.tokens;
    let distinct = 0;
    const see = (token: number, times: number): void => {
      if (seenIn[token] !== batch) {
        seenIn[token] = batch;
        slot[token] = distinct;
        // Kept here until the tasks are laid out.
        this.#next[distinct] = token;
        count[distinct++] = 0;
      }
      count[slot[token]] += times;
    };
    if (this.layout.sharePrefix && block[this.#offsets.segments + 1] > 0) {
      see(0, block[this.#offsets.segments + 1]);
    }
    for (let i = 0; i < samples; i++) {
      const end = data.starts[this.#sorted[i] + 1];
      for (let at = data.starts[this.#sorted[i]]; at < end; at++) see(tokens[at], 1);
    }
    let tasks = 0;
    let row = 0;
    for (let d = 0; d < distinct; d++) {
      block[groupTasks + d] = tasks;
      const token = this.#next[d];
      this.#next[d] = row;
      for (let done = 0; done === 0 || (grouped && done < count[d]); done += rowsPerTask) {
        block[taskTokens + tasks] = token;
        if (grouped) block[taskStarts + tasks] = row + done;
        tasks++;
      }
      row += count[d];
    }
    block[groupTasks + distinct] = tasks;
    if (grouped) {
      block[taskStarts + tasks] = row;
      this.#placeTokenRows(data, samples);
    }
    if (this.layout.rowTokens) this.#placeRowTokens(samples + (this.layout.sharePrefix ? 1 : 0));
    return { distinct, tasks };
  }

  /** Steps of the longest segment: samples lie longest first, the padding before them. */
  #longest(samples: number): number {
    const steps = (segment: number): number => this.segments[segment * segmentWords + 1];
    if (samples === 0) return 0;
    return this.layout.sharePrefix ? Math.max(steps(0), steps(1)) : steps(0);
  }

  #placeTokenRows(data: TokenData, samples: number): void {
    const { block } = this;
    const { tokenRows, segments } = this.#offsets;
    const next = this.#next;
    let at = segments;
    if (this.layout.sharePrefix) {
      const steps = block[at + 1];
      for (let t = 0; t < steps; t++) block[tokenRows + next[this.#slot[0]]++] = 1 + t;
      at += segmentWords;
    }
    for (let i = 0; i < samples; i++, at += segmentWords) {
      const steps = block[at + 1];
      const begin = block[at + 2] - data.steps;
      const first = this.layout.reverse ? block[at] + steps : block[at] + 1;
      const stride = this.layout.reverse ? -1 : 1;
      for (let t = 0; t < steps; t++) {
        block[tokenRows + next[this.#slot[data.tokens[begin + t]]]++] = first + stride * t;
      }
    }
  }

  #placeRowTokens(count: number): void {
    const { block } = this;
    const { rowTokens, segments } = this.#offsets;
    for (let i = 0; i < count; i++) {
      const at = segments + i * segmentWords;
      block[rowTokens + block[at]] = noOrigin;
      for (let t = 0; t < block[at + 1]; t++) block[rowTokens + block[at] + 1 + t] = block[at + 2] + t;
    }
  }
}
