import { noOrigin, packStep, rowsPerTask, segmentWords, stepWords, type StepValues } from "../kernels";
import { placeOf } from "../runtime/banks";
import type { TensorDeclaration } from "../runtime/tensor";
import type { BatchCapacity, BatchLayout } from "./batch-layout";
import { countedOutputs, placeTargets, type Targets } from "./targets";
import { rowLength, type TokenData } from "./token-data";
import type { Planner, Rates } from "./planner";
import { clearPlaces, countTokens, listRows, placeTasks } from "./token-groups";

/** The capacity that every batch of `samples` rows of the data fits into, or every one of the `windows` of a row. */
export function batchCapacity(
  data: TokenData,
  samples: number,
  vocabulary: number,
  layout: BatchLayout,
  windows = 1,
): BatchCapacity {
  const count = Math.min(samples, data.rows);
  const lengths = Uint32Array.from({ length: data.rows }, (_, row) => rowLength(data, row)).sort();
  let rows = layout.sharePrefix ? data.steps - lengths[0] + 1 : 0;
  for (let i = 0; i < count; i++) rows += lengths[data.rows - 1 - i] + 1;
  const steps = Math.ceil(data.steps / windows);
  if (windows > 1) rows = steps + 1;
  const distinct = Math.min(vocabulary, rows);
  return {
    samples: count,
    steps,
    windows,
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

/** Entries for the loss and accuracy of steps that have not been read back yet. */
export const metricEntries = 4096;

/** The section with the step's values as layers in a stage read them; the first stage has the base's. */
export const stageStep = (stage: number): string => (stage === 0 ? "step" : `step ${stage}`);

/** The plan's sections as tensors of one buffer, in the order of the words. */
export function planTensors(capacity: BatchCapacity, layout: BatchLayout): TensorDeclaration[] {
  const { samples, rows, distinct, tasks, outputs } = capacity;
  const u32 = (label: string, ...shape: number[]): TensorDeclaration => ({ label, shape, dtype: "u32" });
  return [
    u32("step", stepWords),
    ...layout.stages.slice(1).map((_, i) => u32(stageStep(i + 1), stepWords)),
    ...(layout.ownTokens ? [u32("tokens", rows)] : []),
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

/** Words of a plan. */
export function planWords(capacity: BatchCapacity, layout: BatchLayout): number {
  return planTensors(capacity, layout).reduce((sum, { shape }) => sum + placeOf(shape) / 4, 0);
}

/** The sizes of a batch in a stage, in which all samples have as many steps. */
export function stageSizes(sizes: StepValues, steps: number, earlier = sizes.before * steps): StepValues {
  return { ...sizes, steps, rows: sizes.samples * (steps + 1), earlier };
}

/** The most samples of a batch: their numbers stand behind their padding in a float64, below. */
export const maxBatch = 2 ** 24;

/** Numbers of data rows, longest first, so that neighbours in a SIMD group run about equally long; stable. */
export function longestFirst(data: TokenData, rows: Uint32Array): Uint32Array {
  const keys = Float64Array.from(rows, (row, i) => (data.steps - rowLength(data, row)) * maxBatch + i).sort();
  return Uint32Array.from(keys, (key) => rows[key % maxBatch]);
}

/**
 * Lays out one batch after another: which rows its states take, which tokens occur and where, labels and
 * weights. Everything goes into one block of words that is uploaded at once. Costs a few operations per
 * token; nothing is allocated per batch.
 */
export class BatchPlanner implements Planner {
  readonly sorted: Uint32Array;
  /** The parts of the block. */
  readonly #sections: Record<string, Uint32Array> = {};
  /** The distinct tokens of the batch. */
  readonly #distinct: Uint32Array;
  /** For each token how often it occurs, later where its next state row is listed; zeros between two batches. */
  readonly #places: Uint32Array;
  /** The tokens of padding that the data do not store. */
  readonly #padding: Uint32Array;

  constructor(
    readonly capacity: BatchCapacity,
    readonly layout: BatchLayout,
    vocabulary: number,
    readonly block: Uint32Array = new Uint32Array(planWords(capacity, layout)),
  ) {
    let begin = 0;
    for (const { label, shape } of this.tensors) {
      this.#sections[label] = block.subarray(begin, (begin += placeOf(shape) / 4));
    }
    // One more: see countTokens.
    this.#distinct = new Uint32Array(capacity.distinct + 1);
    this.#places = new Uint32Array(vocabulary);
    this.#padding = new Uint32Array(capacity.steps);
    this.sorted = new Uint32Array(capacity.samples);
  }

  /** The planned batch's segments, four words each. */
  get segments(): Uint32Array {
    return this.#sections.segments;
  }

  get tensors(): TensorDeclaration[] {
    return planTensors(this.capacity, this.layout);
  }

  plan(
    data: TokenData,
    targets: Targets | undefined,
    rows: Uint32Array,
    grouped: boolean,
    { mean, before = 0, window = { windows: 0, earlier: [] }, metric, ...rates }: Rates,
  ): { sizes: StepValues; words: number } {
    const { layout } = this;
    const { stages, sequences } = layout;
    const { step, labels, weights, taskStarts, tokenRows } = this.#sections;
    const samples = rows.length;
    const segments = samples + (layout.sharePrefix ? 1 : 0);
    this.sorted.set(longestFirst(data, rows));
    const placed = this.#placeSegments(data, samples);
    const tasks = this.#groupTokens(data, segments, grouped);
    if (layout.rowTokens) this.#placeRowTokens(segments);
    const perSample = stages.length > 0 ? samples * (stages.at(-1)! + 1) : placed.rows;
    placeTargets(
      { labels: floats(labels), weights: floats(weights) },
      {
        data,
        targets,
        layout,
        samples: this.sorted.subarray(0, samples),
        mean: mean ?? countedOutputs(data, layout, rows),
      },
    );
    const outputs = sequences ? perSample : samples;
    const counts = { samples, segments, ...placed, ...tasks, outputs };
    const { windows, earlier } = window;
    const place = {
      before,
      earlier: earlier[0] ?? before * data.steps,
      windows,
      metric: metric % metricEntries,
    };
    const sizes: StepValues = { ...rates, ...counts, ...place };
    packStep(sizes, step.subarray(0, stepWords));
    stages.forEach((steps, stage) => {
      packStep(
        stageSizes(sizes, steps, earlier[stage]),
        this.#sections[stageStep(stage)].subarray(0, stepWords),
      );
    });
    const [end, more] = grouped ? [tokenRows, placed.rows] : [taskStarts, 0];
    return { sizes, words: end.byteOffset / 4 + more };
  }

  /** Writes the segments; returns the number of state rows, and the steps of the longest segment. */
  #placeSegments(data: TokenData, samples: number): { rows: number; steps: number } {
    const { segments, sorted } = this;
    const { sharePrefix: shared, ownTokens } = this.layout;
    let [at, rows, longest] = [0, 0, 0];
    const place = (steps: number, begin: number, origin: number): void => {
      segments.set([rows, steps, ownTokens ? rows : begin, origin], at);
      if (ownTokens) this.#copyTokens(data, begin, steps, rows);
      at += segmentWords;
      rows += steps + 1;
      longest = Math.max(longest, steps);
    };
    // The padding of the shortest row is the longest.
    if (shared) place(data.steps - rowLength(data, sorted[samples - 1]), 0, noOrigin);
    for (let i = 0; i < samples; i++) {
      const steps = rowLength(data, sorted[i]);
      // Before the data lie as many zeros as a row has steps: the tokens of the shared padding.
      place(steps, data.steps + data.starts[sorted[i]], shared ? data.steps - steps : noOrigin);
    }
    return { rows, steps: longest };
  }

  #copyTokens(data: TokenData, begin: number, steps: number, to: number): void {
    const { tokens } = this.#sections;
    // Before the data lies padding.
    if (begin < data.steps) tokens.fill(0, to, to + steps);
    else tokens.set(data.tokens.subarray(begin - data.steps, begin - data.steps + steps), to);
  }

  /** Calls `each` for every segment: with its tokens from a place on, its steps, and the state rows of these. */
  #eachSegment(data: TokenData, count: number, each: EachSegment): void {
    const { segments } = this;
    for (let at = 0; at < count * segmentWords; at += segmentWords) {
      const [row, steps] = [segments[at], segments[at + 1]];
      const begin = segments[at + 2] - data.steps;
      const [first, stride] = this.layout.reverse ? [row + steps, -1] : [row + 1, 1];
      if (this.layout.ownTokens) each(this.#sections.tokens, row, steps, first, stride);
      // Before the data lies padding.
      else if (begin < 0) each(this.#padding, 0, steps, first, stride);
      else each(data.tokens, begin, steps, first, stride);
    }
  }

  /** Numbers the distinct tokens and, if `grouped`, lists the state rows of each. */
  #groupTokens(data: TokenData, segments: number, grouped: boolean): { distinct: number; tasks: number } {
    const places = this.#places;
    const tokensOf = this.#distinct;
    let found = 0;
    this.#eachSegment(data, segments, (tokens, begin, steps) => {
      found = countTokens(tokens, begin, begin + steps, { places, tokensOf, found });
    });
    const distinct = found;
    const tasks = placeTasks(tokensOf, distinct, places, this.#sections, grouped);
    if (grouped) {
      const { tokenRows } = this.#sections;
      this.#eachSegment(data, segments, (tokens, begin, steps, firstRow, stride) => {
        listRows(tokens, begin, begin + steps, { places, tokenRows, firstRow, stride });
      });
    }
    clearPlaces(tokensOf, distinct, places);
    return { distinct, tasks };
  }

  #placeRowTokens(count: number): void {
    const { segments } = this;
    const { rowTokens } = this.#sections;
    for (let at = 0; at < count * segmentWords; at += segmentWords) {
      const [row, steps, begin] = segments.subarray(at);
      rowTokens[row] = noOrigin;
      for (let t = 0; t < steps; t++) rowTokens[row + 1 + t] = begin + t;
    }
  }
}

type EachSegment = (
  tokens: Uint32Array,
  begin: number,
  steps: number,
  firstRow: number,
  stride: number,
) => void;

/** The same words as floating-point numbers. */
const floats = ({ buffer, byteOffset, length }: Uint32Array): Float32Array =>
  new Float32Array(buffer, byteOffset, length);
