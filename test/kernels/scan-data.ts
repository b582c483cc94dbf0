import type { Activation } from "../../src/kernels/shared/activation";
import type { StepValues } from "../../src/kernels/shared/step";
import type { BatchLayout } from "../../src/model/batch-layout";
import { BatchPlanner, batchCapacity, planTensors } from "../../src/model/batch-plan";
import { tokenData, withPadding, type TokenData } from "../../src/model/token-data";
import { Arena, write } from "../../src/runtime/arena";
import type { Tensor } from "../../src/runtime/tensor";
import { scanBackward, scanForward, type ScanShape } from "../reference/scan";
import { randomTokens, randomValues, type Padding } from "../support/random";

/** What a scan is tested on. B batch, T steps, U units. */
export interface ScanTest {
  readonly units: number;
  readonly batch: number;
  readonly steps: number;
  readonly activation: Activation;
  readonly padding: Padding;
  /** Samples branch off one run over the padding. */
  readonly share: boolean;
  readonly masked: boolean;
  readonly reverse: boolean;
  /** A derivative at every state, not only at the last ones. */
  readonly sequences: boolean;
  readonly source: "tokens" | "rows";
  /** Size of the projected inputs. */
  readonly scale: number;
}

/** One sample of the batch, or the prefix: where its states lie. */
interface Segment {
  readonly row: number;
  readonly steps: number;
}

/** A planned batch and the float64 twin's results, laid out as the kernels lay out theirs. */
export interface ScanData {
  readonly sizes: StepValues;
  readonly vocabulary: number;
  /** The plan's block of words, and the tokens as they lie on the device. */
  readonly upload: (arena: Arena) => Record<string, Tensor>;
  readonly slots: Uint32Array;
  readonly projected: Float32Array;
  readonly recurrentKernel: Float32Array;
  readonly dLast: Float32Array;
  readonly dSequence: Float32Array;
  /** Where the last state of each sample lies, in the samples' own order. */
  readonly lastRows: readonly number[];
  readonly expected: {
    readonly h: Float64Array;
    readonly dz: Float64Array;
    readonly dRecurrentKernel: Float64Array;
  };
}

const vocabulary = 7;

/** Draws a batch, plans it, and runs the twin on every sample by itself, its whole padding included. */
export function scanData(test: ScanTest): ScanData {
  const { batch, steps, share, reverse, source } = test;
  const tokens = randomTokens({ batch, steps, vocabulary }, 11, test.padding);
  const layout: BatchLayout = {
    sharePrefix: share,
    reverse,
    sequences: false,
    maskLoss: false,
    labelWidth: 1,
    rowTokens: false,
  };
  const stored = tokenData({ data: tokens, shape: [batch, steps] }, vocabulary, "x");
  const data = share ? stored : withPadding(stored);
  const capacity = batchCapacity(data, batch, vocabulary, layout);
  const planner = new BatchPlanner(capacity, layout, vocabulary);
  const rates = { rate: 0, learningRate: 0, metric: 0 };
  const order = Uint32Array.from({ length: batch }, (_, i) => i);
  const { sizes, words } = planner.plan(data, undefined, order, true, rates);

  const segments = Array.from({ length: sizes.segments }, (_, i): Segment => {
    const [row, count] = planner.segments.subarray(4 * i, 4 * i + 2);
    return { row, steps: count };
  });
  const prefix = share ? segments.shift() : undefined;
  /** Where the state after step s (from 0) of sample i lies; -1 where that is in the prefix. */
  const ownRow = (i: number, s: number): number => {
    const { row, steps: own } = segments[i];
    return s < steps - own ? -1 : row + 1 + s - (steps - own);
  };
  const sorted = planner.sorted.subarray(0, batch);
  const drawn = drawInputs(test, sorted, tokens, ownRow, sizes.rows);
  // A row before a first step repeats another row's state; its derivative arrives there.
  for (const { row } of [...segments, ...(prefix ? [prefix] : [])]) {
    drawn.dSequence.fill(0, row * test.units, (row + 1) * test.units);
  }
  const twin = runTwin(test, sorted, tokens, drawn, ownRow, sizes.rows);
  return {
    sizes,
    vocabulary,
    upload: (arena) => uploadPlan(arena, planner, data, words),
    slots: drawn.slots,
    projected: source === "tokens" ? drawn.byToken : drawn.byRow,
    recurrentKernel: drawn.recurrentKernel,
    dLast: drawn.dLast,
    dSequence: drawn.dSequence,
    lastRows: Array.from(order, (sample) => {
      const { row, steps: own } = segments[sorted.indexOf(sample)];
      return row + own;
    }),
    expected: placeRows(test, segments, prefix, twin, sizes.rows),
  };
}

type RowOf = (sample: number, step: number) => number;

interface Drawn {
  slots: Uint32Array;
  byToken: Float32Array;
  byRow: Float32Array;
  recurrentKernel: Float32Array;
  /** [B][U], in the plan's order of samples. */
  dLast: Float32Array;
  /** [rows][U] */
  dSequence: Float32Array;
  /** [B][T][U], in the plan's order of samples and in token order. */
  z: Float32Array;
}

function drawInputs(
  test: ScanTest,
  sorted: Uint32Array,
  tokens: Int32Array,
  ownRow: RowOf,
  rows: number,
): Drawn {
  const { units, batch, steps, reverse, source, scale } = test;
  const slots = Uint32Array.from({ length: vocabulary }, (_, token) => vocabulary - 1 - token);
  const byToken = randomValues(vocabulary * units, 1, scale);
  const byRow = randomValues(rows * units, 2, scale);
  const z = new Float32Array(batch * steps * units);
  sorted.forEach((sample, i) => {
    for (let t = 0; t < steps; t++) {
      const own = ownRow(i, t);
      const row = source === "tokens" ? slots[tokens[sample * steps + t]] : own < 0 ? t + 1 : own;
      const from = source === "tokens" ? byToken : byRow;
      z.set(from.subarray(row * units, (row + 1) * units), (i * steps + t) * units);
    }
  });
  return {
    slots,
    byToken,
    byRow,
    // Small enough that errors do not grow along the steps, large enough that a swapped index shows.
    recurrentKernel: randomValues(units * units, 3, 2 / (units + 2)),
    dLast: inOrder(randomValues(batch * units, 4), sorted, units),
    dSequence: randomValues(rows * units, reverse ? 5 : 6),
    z,
  };
}

/** Rows by sample, put into the plan's order. */
function inOrder(rows: Float32Array, sorted: Uint32Array, width: number): Float32Array {
  return rows.map((_, i) => rows[sorted[Math.floor(i / width)] * width + (i % width)]);
}

interface Twin {
  /** [B][T][U] */
  readonly states: Float64Array;
  /** [B][T][U], in the order of the states. */
  readonly dz: Float64Array;
  readonly dRecurrentKernel: Float64Array;
}

function runTwin(
  test: ScanTest,
  sorted: Uint32Array,
  tokens: Int32Array,
  { z, recurrentKernel, dLast, dSequence }: Drawn,
  ownRow: RowOf,
  rows: number,
): Twin {
  const { units, batch, steps, activation, masked, reverse, sequences } = test;
  const mask = Array.from(sorted, (sample) => [
    ...tokens.subarray(sample * steps, (sample + 1) * steps),
  ]).flat();
  const shape: ScanShape = {
    batch,
    steps,
    units,
    activation,
    goBackwards: reverse,
    ...(masked ? { mask } : {}),
  };
  const states = scanForward(z, recurrentKernel, shape);
  const dStates = new Float64Array(states.length);
  const taken = new Set<number>();
  for (let i = 0; i < batch; i++) {
    for (let s = 0; s < steps; s++) {
      const at = (i * steps + s) * units;
      if (!sequences) {
        if (s === steps - 1) dStates.set(dLast.subarray(i * units, (i + 1) * units), at);
        continue;
      }
      const own = ownRow(i, s);
      const row = own < 0 ? s + 1 : own;
      // The derivative at a shared state arrives once, whoever it is counted for.
      if (row < rows && !taken.has(row)) dStates.set(dSequence.subarray(row * units, (row + 1) * units), at);
      taken.add(row);
    }
  }
  const { dZ, dRecurrentKernel } = scanBackward(dStates, states, recurrentKernel, shape);
  const dz = new Float64Array(dZ.length);
  for (let i = 0; i < batch; i++) {
    for (let s = 0; s < steps; s++) {
      const t = reverse ? steps - 1 - s : s;
      dz.set(dZ.subarray((i * steps + t) * units, (i * steps + t + 1) * units), (i * steps + s) * units);
    }
  }
  return { states, dz, dRecurrentKernel };
}

/** The twin's states and derivatives in the rows where the kernels keep theirs; shared ones added up. */
function placeRows(
  { units, steps }: ScanTest,
  segments: readonly Segment[],
  prefix: Segment | undefined,
  { states, dz, dRecurrentKernel }: Twin,
  rows: number,
): ScanData["expected"] {
  const expected = {
    h: new Float64Array(rows * units),
    dz: new Float64Array(rows * units),
    dRecurrentKernel,
  };
  const copy = (i: number, s: number, row: number): void => {
    for (let u = 0; u < units; u++) {
      const at = (i * steps + s) * units + u;
      expected.h[row * units + u] = s < 0 ? 0 : states[at];
      expected.dz[row * units + u] += s < 0 ? 0 : dz[at];
    }
  };
  segments.forEach(({ row, steps: own }, i) => {
    for (let k = 1; k <= own; k++) copy(i, steps - own + k - 1, row + k);
    // The row before the first own step repeats the state of the prefix; nothing is to be learnt from it.
    const before = steps - own - 1;
    for (let u = 0; u < units; u++) {
      expected.h[row * units + u] = before < 0 ? 0 : states[(i * steps + before) * units + u];
    }
    for (let s = 0; prefix && s < steps - own; s++) copy(i, s, s + 1);
  });
  return expected;
}

function uploadPlan(
  arena: Arena,
  planner: BatchPlanner,
  data: TokenData,
  words: number,
): Record<string, Tensor> {
  const declarations = planTensors(planner.capacity, planner.layout);
  const sections = arena.pack("plan", declarations);
  write(arena.device, sections[0], planner.block.subarray(0, words));
  const tokens = arena.tensor("tokens", [data.steps + data.tokens.length], "u32");
  write(arena.device, tokens, data.tokens, data.steps);
  return { ...Object.fromEntries(declarations.map(({ label }, i) => [label, sections[i]])), tokens };
}
