import { product, type RecurrentWeights } from "../reference/cells/cell";
import { gatesOf, scanBackward, scanStates, type ScanShape, type ScanStates } from "../reference/scan";
import type { Drawn, Placement, ScanTest } from "./scan-data";

/** The float64 twin's results, in the rows where the kernels keep theirs. N rows, U units, G gates. */
export interface ScanExpected {
  /** [N][U] */
  readonly h: Float64Array;
  readonly c: Float64Array;
  /** [N][G·U], zero where a step is masked and before a first one. */
  readonly gates: Float64Array;
  readonly dz: Float64Array;
  /** [N][U] q or m after the forward pass, of cells that have one; zero as above. */
  readonly extra: Float64Array;
  /** [N][U] the same after the backward pass: q has become its derivative. */
  readonly dExtra: Float64Array;
  /** [N][U] what went into the recurrent product; zero as above. */
  readonly inputs: Float64Array;
  /** [B][U or 2·U] the derivative by the states before the first step that a sample does not share. */
  readonly dOrigin: Float64Array;
  /** [U][G·U] */
  readonly dRecurrentKernel: Float64Array;
  /** [G·U] */
  readonly dRecurrentBias: Float64Array;
}

/** The same values for all B samples and T steps, in the order of the states. */
interface Run extends ScanStates {
  readonly dz: Float64Array;
  readonly extra: Float64Array;
  readonly dExtra: Float64Array;
  readonly inputs: Float64Array;
  readonly dRecurrentKernel: Float64Array;
  readonly dRecurrentBias: Float64Array;
}

/** Runs the twin on every sample by itself, its whole padding included. */
export function scanExpected(test: ScanTest, drawn: Drawn, placement: Placement): ScanExpected {
  const { units, cell } = test;
  const columns = gatesOf[cell] * units;
  const run = runTwin(test, drawn, placement);
  const states = (values: Float64Array, before: Float32Array): Float64Array => {
    const out = placeSteps(test, placement, values, units);
    placement.segments.forEach(({ row }, i) => {
      for (let u = 0; u < units; u++)
        out[row * units + u] = stateBefore(test, placement, values, before, i, u);
    });
    return out;
  };
  return {
    h: states(run.states, drawn.initialH),
    c: states(run.memory, drawn.initialC),
    gates: placeSteps(test, placement, run.gates, columns),
    dz: placeSteps(test, placement, run.dz, columns, true),
    extra: placeSteps(test, placement, run.extra, units),
    dExtra: placeSteps(test, placement, run.dExtra, units, cell === "gru" && test.resetAfter),
    inputs: placeSteps(test, placement, run.inputs, units),
    dOrigin: originDerivatives(test, drawn, placement, run),
    dRecurrentKernel: run.dRecurrentKernel,
    dRecurrentBias: run.dRecurrentBias,
  };
}

/** Unit u of the state before the first step that sample i does not share. */
function stateBefore(
  { steps, units, resumes }: ScanTest,
  { shared }: Placement,
  states: Float64Array,
  initial: Float32Array,
  i: number,
  u: number,
): number {
  const before = shared(i) - 1;
  if (before >= 0) return states[(i * steps + before) * units + u];
  return resumes ? initial[i * units + u] : 0;
}

/** [B][T][width] put into rows; steps of several samples in one row of the prefix are the same, or are added. */
function placeSteps(
  { batch, steps }: ScanTest,
  { rows, rowOf }: Placement,
  values: Float64Array,
  width: number,
  add = false,
): Float64Array {
  const out = new Float64Array(rows * width);
  for (let i = 0; i < batch; i++) {
    for (let s = 0; s < steps; s++) {
      const [from, to] = [(i * steps + s) * width, rowOf(i, s) * width];
      for (let j = 0; j < width; j++) out[to + j] = (add ? out[to + j] : 0) + values[from + j];
    }
  }
  return out;
}

function shapeOf(test: ScanTest, drawn: Drawn): ScanShape {
  const { batch, steps, units, cell, activation, recurrentActivation, resetAfter, masked, reverse } = test;
  const columns = gatesOf[cell] * units;
  return {
    ...{ batch, steps, units, cell, activation, recurrentActivation, resetAfter, goBackwards: reverse },
    ...(masked ? { mask: drawn.tokens } : {}),
    ...(test.recurrentBias ? { recurrentBias: drawn.bias.subarray(columns) } : {}),
    ...(test.resumes ? { initialState: drawn.initialH, initialMemory: drawn.initialC } : {}),
    ...(test.dropout > 0 ? { recurrentDropout: drawn.kept } : {}),
  };
}

function runTwin(test: ScanTest, drawn: Drawn, { rowOf, rows }: Placement): Run {
  const { units, batch, steps, reverse, sequences, cell } = test;
  const columns = gatesOf[cell] * units;
  const shape = shapeOf(test, drawn);
  const run = scanStates(drawn.z, drawn.recurrentKernel, shape);
  const dStates = new Float64Array(batch * steps * units);
  const taken = new Array<boolean>(rows).fill(false);
  for (let i = 0; i < batch; i++) {
    for (let s = 0; s < steps; s++) {
      const at = (i * steps + s) * units;
      const row = rowOf(i, s);
      // The derivative at a shared state arrives once, whoever it is counted for.
      if (sequences && !taken[row]) {
        dStates.set(drawn.dSequence.subarray(row * units, (row + 1) * units), at);
      }
      taken[row] = true;
      if (!sequences && s === steps - 1) dStates.set(drawn.dLast.subarray(i * units, (i + 1) * units), at);
    }
  }
  const back = scanBackward(dStates, run, drawn.recurrentKernel, shape);
  const dz = back.dZ.slice();
  for (let i = 0; i < batch && reverse; i++) {
    for (let s = 0; s < steps; s++) {
      const from = (i * steps + steps - 1 - s) * columns;
      dz.set(back.dZ.subarray(from, from + columns), (i * steps + s) * columns);
    }
  }
  const { dRecurrentKernel, dRecurrentBias } = back;
  return { ...run, dz, ...keptValues(test, drawn, run, dz), dRecurrentKernel, dRecurrentBias };
}

/** What the forward pass keeps for the backward one, made from the twin's states and gates. */
function keptValues(
  test: ScanTest,
  drawn: Drawn,
  { states, gates }: ScanStates,
  dz: Float64Array,
): Pick<Run, "extra" | "dExtra" | "inputs"> {
  const { units, batch, steps, cell, resetAfter, masked, reverse } = test;
  const columns = gatesOf[cell] * units;
  const [extra, dExtra, inputs] = [0, 1, 2].map(() => new Float64Array(batch * steps * units));
  for (let i = 0; i < batch; i++) {
    const kept = drawn.kept.subarray(i * units, (i + 1) * units);
    const weights: RecurrentWeights = {
      ...{ units, gates: gatesOf[cell], kernel: drawn.recurrentKernel, drop: (_, unit) => kept[unit] },
      ...(test.recurrentBias ? { bias: drawn.bias.subarray(columns) } : {}),
    };
    for (let s = 0; s < steps; s++) {
      if (masked && drawn.tokens[i * steps + (reverse ? steps - 1 - s : s)] === 0) continue;
      const at = (i * steps + s) * units;
      const first = test.resumes ? Float64Array.from(drawn.initialH).subarray(i * units) : undefined;
      const hPrev = s > 0 ? states.slice(at - units, at) : (first ?? new Float64Array(units));
      for (let u = 0; u < units; u++) inputs[at + u] = kept[u] * hPrev[u];
      if (cell !== "gru") continue;
      const [reset, candidate] = [1, 2].map((gate) => (i * steps + s) * columns + gate * units);
      const q = product(hPrev, 2, weights);
      for (let u = 0; u < units; u++) {
        const r = gates[reset + u];
        extra[at + u] = resetAfter ? q[u] : r * inputs[at + u];
        dExtra[at + u] = resetAfter ? r * dz[candidate + u] : extra[at + u];
      }
    }
  }
  return { extra, dExtra, inputs };
}

/** Runs the twin once more, on the steps that each sample has to itself. */
function originDerivatives(test: ScanTest, drawn: Drawn, placement: Placement, run: Run): Float64Array {
  const { units, batch, steps, cell, sequences } = test;
  const columns = gatesOf[cell] * units;
  const width = cell === "lstm" ? 2 * units : units;
  const out = new Float64Array(batch * width);
  const rowOf = <Values extends { subarray: (begin: number, end: number) => Values }>(
    values: Values,
    row: number,
    size: number,
    count = 1,
  ): Values => values.subarray(row * size, (row + count) * size);
  for (let i = 0; i < batch; i++) {
    const begin = placement.shared(i);
    const own = steps - begin;
    const before = (values: Float64Array, initial: Float32Array): Float64Array =>
      Float64Array.from({ length: units }, (_, u) => stateBefore(test, placement, values, initial, i, u));
    const shape: ScanShape = {
      ...shapeOf(test, drawn),
      ...{ batch: 1, steps: own },
      initialState: before(run.states, drawn.initialH),
      initialMemory: before(run.memory, drawn.initialC),
      ...(test.masked ? { mask: rowOf(drawn.tokens, i * steps + begin, 1, own) } : {}),
      ...(test.dropout > 0 ? { recurrentDropout: rowOf(drawn.kept, i, units) } : {}),
    };
    const z = rowOf(drawn.z, i * steps + begin, columns, own);
    const again = scanStates(z, drawn.recurrentKernel, shape);
    const last = rowOf(drawn.dLast, i, units);
    const dStates = sequences
      ? Float64Array.from(rowOf(drawn.dSequence, placement.segments[i].row + 1, units, own))
      : new Float64Array(own * units);
    if (!sequences && own > 0) dStates.set(last, (own - 1) * units);
    const back = scanBackward(dStates, again, drawn.recurrentKernel, shape);
    out.set(own > 0 || sequences ? back.dInitialState : last, i * width);
    if (width > units) out.set(back.dInitialMemory, i * width + units);
  }
  return out;
}
