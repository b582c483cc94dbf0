import type { Masked } from "../../src/kernels/shared/mask";
import { noStep, packStep, type StepValues } from "../../src/kernels/shared/step";
import type { BatchLayout } from "../../src/model/batch-layout";
import { BatchPlanner, batchCapacity, planTensors } from "../../src/model/batch-plan";
import { tokenData, withPadding, type TokenData } from "../../src/model/token-data";
import { Arena, write } from "../../src/runtime/arena";
import type { Tensor } from "../../src/runtime/tensor";
import type { PointwiseActivation } from "../reference/activation";
import { keptFactor } from "../reference/kept";
import { gatesOf, type CellKind } from "../reference/scan";
import { randomTokens, randomValues, type Padding } from "../support/random";
import { scanExpected, type ScanExpected } from "./scan-expected";

/** What a scan is tested on. B batch, T steps, U units, G gates. */
export interface ScanTest {
  readonly cell: CellKind;
  readonly activation: PointwiseActivation;
  /** Of the gates of an LSTM or GRU. */
  readonly recurrentActivation: PointwiseActivation;
  /** Of a GRU. */
  readonly resetAfter: boolean;
  /** Of a GRU that resets after the product. */
  readonly recurrentBias: boolean;
  readonly units: number;
  readonly batch: number;
  readonly steps: number;
  readonly padding: Padding;
  /** Samples branch off one run over the padding. */
  readonly share: boolean;
  readonly masked: Masked;
  readonly reverse: boolean;
  /** A derivative at every state, not only at the last ones. */
  readonly sequences: boolean;
  readonly source: "tokens" | "rows";
  /** The states before the first step are given. */
  readonly resumes: boolean;
  /** A window of time that others follow: what comes back from the last states lies in dOrigin. */
  readonly handed: boolean;
  /** Share of the state that is dropped on its way into the recurrent product. */
  readonly dropout: number;
  /** Size of the projected inputs. */
  readonly scale: number;
}

/** One sample of the batch, or the prefix: where its states lie. */
export interface Segment {
  readonly row: number;
  readonly steps: number;
}

/** Which row of the kernels' arrays a step has. Samples are in the plan's order. */
export interface Placement {
  readonly rows: number;
  readonly prefix: Segment | undefined;
  readonly segments: readonly Segment[];
  /** Of the state after step s (from 0) of sample i, which may lie in the prefix. */
  readonly rowOf: (i: number, s: number) => number;
  /** Steps of sample i that the prefix takes. */
  readonly shared: (i: number) => number;
}

/** Values as the kernels read them. */
export interface Drawn {
  readonly slots: Uint32Array;
  readonly projected: Float32Array;
  /** [U][G·U] */
  readonly recurrentKernel: Float32Array;
  /** [2][G·U], of which the second row counts. */
  readonly bias: Float32Array;
  /** [B][U], in the plan's order of samples. */
  readonly dLast: Float32Array;
  /** [rows][U] */
  readonly dSequence: Float32Array;
  /** [B][T][G·U], in the plan's order of samples and in token order. */
  readonly z: Float32Array;
  /** [B][T], 0 where a step is masked. */
  readonly tokens: Int32Array;
  /** [B][U], the states before the first step. */
  readonly initialH: Float32Array;
  readonly initialC: Float32Array;
  /** [B][U], what dropout multiplies by. */
  readonly kept: Float32Array;
}

/** A planned batch and the float64 twin's results, laid out as the kernels lay out theirs. */
export interface ScanData {
  readonly sizes: StepValues;
  /** The plan's block of words, and the tokens as they lie on the device. */
  readonly upload: (arena: Arena) => Record<string, Tensor>;
  readonly drawn: Drawn;
  readonly placement: Placement;
  /** Where the last state of each sample lies, in the samples' own order. */
  readonly lastRows: readonly number[];
  readonly expected: ScanExpected;
}

const vocabulary = 7;

/** Of the random numbers of dropout. */
export const seed = 12345;
export const stream = 3;

/** Draws a batch, plans it, and runs the twin on every sample by itself, its whole padding included. */
export function scanData(test: ScanTest): ScanData {
  const { batch, steps, share, reverse } = test;
  const tokens = randomTokens({ batch, steps, vocabulary }, 11, test.padding);
  const layout: BatchLayout = {
    sharePrefix: share,
    reverse,
    sequences: false,
    maskLoss: false,
    labelWidth: 1,
    rowTokens: false,
    carriesState: false,
    stages: [],
  };
  const stored = tokenData({ data: tokens, shape: [batch, steps] }, vocabulary, "x");
  const data = share ? stored : withPadding(stored);
  const capacity = batchCapacity(data, batch, vocabulary, layout);
  const planner = new BatchPlanner(capacity, layout, vocabulary);
  const rates = { ...noStep, seed };
  const order = Uint32Array.from({ length: batch }, (_, i) => i);
  const { sizes, words } = planner.plan(data, undefined, order, true, rates);
  if (test.handed) packStep({ ...sizes, windows: 2 }, planner.block);
  const sorted = planner.sorted.subarray(0, batch);
  const placement = placementOf(planner, sizes, test);
  const drawn = draw(test, sorted, tokens, placement);
  return {
    sizes,
    upload: (arena) => uploadPlan(arena, planner, data, words),
    drawn,
    placement,
    lastRows: Array.from(order, (sample) => placement.rowOf(sorted.indexOf(sample), steps - 1)),
    expected: scanExpected(test, drawn, placement),
  };
}

function placementOf(planner: BatchPlanner, sizes: StepValues, { share, steps }: ScanTest): Placement {
  const segments = Array.from({ length: sizes.segments }, (_, i): Segment => {
    const [row, count] = planner.segments.subarray(4 * i, 4 * i + 2);
    return { row, steps: count };
  });
  const prefix = share ? segments.shift() : undefined;
  const shared = (i: number): number => steps - segments[i].steps;
  return {
    rows: sizes.rows,
    prefix,
    segments,
    shared,
    rowOf: (i, s) => (s < shared(i) ? 1 + s : segments[i].row + 1 + s - shared(i)),
  };
}

function draw(test: ScanTest, sorted: Uint32Array, tokens: Int32Array, placement: Placement): Drawn {
  const { units, batch, steps, reverse, source, scale, dropout, cell } = test;
  const { rows, segments, prefix, rowOf } = placement;
  const columns = gatesOf[cell] * units;
  const slots = Uint32Array.from({ length: vocabulary }, (_, token) => vocabulary - 1 - token);
  const projected = randomValues(columns * (source === "tokens" ? vocabulary : rows), 1, scale);
  const ownTokens = inOrder(tokens, sorted, steps);
  const z = new Float32Array(batch * steps * columns);
  for (let i = 0; i < batch; i++) {
    for (let t = 0; t < steps; t++) {
      const row = source === "tokens" ? slots[ownTokens[i * steps + t]] : rowOf(i, t);
      z.set(projected.subarray(row * columns, (row + 1) * columns), (i * steps + t) * columns);
    }
  }
  const dSequence = randomValues(rows * units, reverse ? 5 : 6);
  // A row before a first step repeats another row's state; its derivative arrives there.
  for (const { row } of [...segments, ...(prefix ? [prefix] : [])]) {
    dSequence.fill(0, row * units, (row + 1) * units);
  }
  return {
    slots,
    projected,
    // Small enough that errors do not grow along the steps, large enough that a swapped index shows.
    recurrentKernel: randomValues(units * columns, 3, 2 / (units + 2)),
    bias: randomValues(2 * columns, 7),
    dLast: inOrder(randomValues(batch * units, 4), sorted, units),
    dSequence,
    z,
    tokens: ownTokens,
    initialH: randomValues(batch * units, 8),
    initialC: randomValues(batch * units, 9),
    kept: Float32Array.from({ length: batch * units }, (_, at) =>
      keptFactor(dropout, { seed, stream }, Math.floor(at / units), at % units),
    ),
  };
}

/** Rows by sample, put into the plan's order. */
function inOrder<Rows extends Float32Array | Int32Array>(
  rows: Rows,
  sorted: Uint32Array,
  width: number,
): Rows {
  const ordered = rows.slice();
  ordered.forEach((_, i) => (ordered[i] = rows[sorted[Math.floor(i / width)] * width + (i % width)]));
  return ordered as Rows;
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
