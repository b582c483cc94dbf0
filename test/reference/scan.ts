import type { PointwiseActivation } from "./activation";
import { add } from "./cells/cell";
import type { Cell, CellState, RecurrentWeights } from "./cells/cell";
import { gruCell } from "./cells/gru";
import { lstmCell } from "./cells/lstm";
import { simpleRnnCell } from "./cells/simple-rnn";

export type CellKind = "simpleRNN" | "lstm" | "gru";

/** The sizes and options of one recurrence. B batch, T time steps, U units, G gates. */
export interface ScanShape {
  readonly batch: number;
  readonly steps: number;
  readonly units: number;
  readonly activation: PointwiseActivation;
  /** Default `"simpleRNN"`. */
  readonly cell?: CellKind;
  /** Of the gates of an LSTM or GRU. Default `"sigmoid"`. */
  readonly recurrentActivation?: PointwiseActivation;
  /** Of a GRU: the reset gate's place. Default `true`. */
  readonly resetAfter?: boolean;
  /** [G·U], added to the product of the state; of a GRU that resets after it. */
  readonly recurrentBias?: ArrayLike<number>;
  /** [B][T], in token order: where it is 0 the step carries the states over. */
  readonly mask?: ArrayLike<number>;
  /** Takes the last token first; states are then in that order, too. */
  readonly goBackwards?: boolean;
  /** [B][U], zero where absent. */
  readonly initialState?: ArrayLike<number>;
  /** [B][U], the LSTM's c; zero where absent. */
  readonly initialMemory?: ArrayLike<number>;
  /**
   * [B][U]: what each unit of the state is multiplied by on its way into the products, the same at all
   * steps; or [B][G][U], a factor for each gate.
   */
  readonly recurrentDropout?: ArrayLike<number>;
}

/** What a recurrence leaves behind, step by step in the order of computation. */
export interface ScanStates {
  /** h, [B][T][U] */
  readonly states: Float64Array;
  /** c, [B][T][U]; zeros for a cell without. */
  readonly memory: Float64Array;
  /** The gates after their activations, [B][T][G·U]; zeros at masked steps. Of a SimpleRNN: h. */
  readonly gates: Float64Array;
}

/** The gates of each cell: z and the recurrent kernel have this many times U columns. */
export const gatesOf: Readonly<Record<CellKind, number>> = { simpleRNN: 1, lstm: 4, gru: 3 };

/**
 * The recurrence of a cell: (h, c)[s] = cell(z[t(s)], h[s-1], c[s-1]), where t(s) is s, or T-1-s backwards.
 *
 * @param z [B][T][G·U], in token order: x · kernel + bias
 * @param recurrentKernel R, [U][G·U]
 */
export function scanStates(
  z: ArrayLike<number>,
  recurrentKernel: ArrayLike<number>,
  shape: ScanShape,
): ScanStates {
  const { batch, steps, units } = shape;
  const cell = cellOf(shape);
  const width = cell.gates * units;
  const input = Float64Array.from(z);
  const states = new Float64Array(batch * steps * units);
  const memory = new Float64Array(batch * steps * units);
  const gates = new Float64Array(batch * steps * width);
  for (let b = 0; b < batch; b++) {
    const weights = recurrentWeights(recurrentKernel, shape, b);
    let state = initialState(shape, b);
    for (let s = 0; s < steps; s++) {
      const [at, t] = [b * steps + s, tokenStep(shape, s)];
      if (!isMasked(shape, b, t)) {
        const after = cell.forward(rowOf(input, b * steps + t, width), state, weights);
        gates.set(after.gates, at * width);
        state = after;
      }
      states.set(state.h, at * units);
      memory.set(state.c, at * units);
    }
  }
  return { states, memory, gates };
}

/** The states alone of `scanStates`: [B][T][U], in the order they were computed. */
export function scanForward(
  z: ArrayLike<number>,
  recurrentKernel: ArrayLike<number>,
  shape: ScanShape,
): Float64Array {
  return scanStates(z, recurrentKernel, shape).states;
}

/** What `scanBackward` returns. */
export interface ScanGradients {
  /** [B][T][G·U], in token order; zero at masked steps. */
  readonly dZ: Float64Array;
  /** [U][G·U] */
  readonly dRecurrentKernel: Float64Array;
  /** [G·U] */
  readonly dRecurrentBias: Float64Array;
  /** [B][U] */
  readonly dInitialState: Float64Array;
  /** [B][U] */
  readonly dInitialMemory: Float64Array;
}

/**
 * The derivative of `scanStates`, from the last step to the first: what arrives at a state from outside, and
 * what the step after it hands back, goes through the cell. A masked step hands both on untouched.
 *
 * @param dStates [B][T][U], what arrives at each state from outside, in the order of `states`
 * @param run what `scanStates` returned; of a SimpleRNN, its states are enough
 * @param dLastMemory [B][U], what arrives at the last c
 */
export function scanBackward(
  dStates: ArrayLike<number>,
  run: ScanStates | Float64Array,
  recurrentKernel: ArrayLike<number>,
  shape: ScanShape,
  dLastMemory?: ArrayLike<number>,
): ScanGradients {
  const { batch, steps, units } = shape;
  const cell = cellOf(shape);
  const { states, memory, gates } = run instanceof Float64Array ? ofStates(run, shape) : run;
  const width = cell.gates * units;
  const dZ = new Float64Array(batch * steps * width);
  const sums = { dKernel: new Float64Array(units * width), dBias: new Float64Array(width) };
  const dInitialState = new Float64Array(batch * units);
  const dInitialMemory = new Float64Array(batch * units);
  for (let b = 0; b < batch; b++) {
    const weights = recurrentWeights(recurrentKernel, shape, b);
    let d: CellState = { h: new Float64Array(units), c: rowOf(dLastMemory, b, units) };
    for (let s = steps - 1; s >= 0; s--) {
      const [at, t] = [b * steps + s, tokenStep(shape, s)];
      add(d.h, rowOf(dStates, at, units));
      if (isMasked(shape, b, t)) continue;
      const stateAt = (i: number): CellState => ({ h: rowOf(states, i, units), c: rowOf(memory, i, units) });
      const before = s > 0 ? stateAt(at - 1) : initialState(shape, b);
      const after = { ...stateAt(at), gates: rowOf(gates, at, width) };
      const { dz, dBefore } = cell.backward(d, before, after, weights, sums);
      dZ.set(dz, (b * steps + t) * width);
      d = dBefore;
    }
    dInitialState.set(d.h, b * units);
    dInitialMemory.set(d.c, b * units);
  }
  return { dZ, dRecurrentKernel: sums.dKernel, dRecurrentBias: sums.dBias, dInitialState, dInitialMemory };
}

/** The states of the last computed step: [B][U] of [B][T][U]. */
export function lastState(states: Float64Array, { batch, steps, units }: ScanShape): Float64Array {
  const last = new Float64Array(batch * units);
  for (let b = 0; b < batch; b++) {
    const begin = (b * steps + steps - 1) * units;
    last.set(states.subarray(begin, begin + units), b * units);
  }
  return last;
}

/** The adjoint of `lastState`: [B][U] placed at the last step of an otherwise zero [B][T][U]. */
export function atLastState(dLast: ArrayLike<number>, { batch, steps, units }: ScanShape): Float64Array {
  const dStates = new Float64Array(batch * steps * units);
  for (let b = 0; b < batch; b++) {
    for (let u = 0; u < units; u++) {
      dStates[(b * steps + steps - 1) * units + u] = dLast[b * units + u];
    }
  }
  return dStates;
}

function tokenStep({ steps, goBackwards }: ScanShape, s: number): number {
  return goBackwards ? steps - 1 - s : s;
}

function isMasked({ mask, steps }: ScanShape, b: number, t: number): boolean {
  return mask?.[b * steps + t] === 0;
}

function cellOf({
  cell = "simpleRNN",
  activation,
  recurrentActivation = "sigmoid",
  ...shape
}: ScanShape): Cell {
  const options = { activation, recurrentActivation };
  switch (cell) {
    case "simpleRNN":
      return simpleRnnCell(options);
    case "lstm":
      return lstmCell(options);
    case "gru":
      return gruCell(options, shape.resetAfter ?? true);
  }
}

function recurrentWeights(
  kernel: ArrayLike<number>,
  { units, cell = "simpleRNN", recurrentBias, recurrentDropout, batch }: ScanShape,
  b: number,
): RecurrentWeights {
  const gates = gatesOf[cell];
  const perGate = recurrentDropout !== undefined && recurrentDropout.length > batch * units;
  const drop = (gate: number, unit: number): number =>
    recurrentDropout?.[(perGate ? b * gates + gate : b) * units + unit] ?? 1;
  return { units, gates, kernel, ...(recurrentBias ? { bias: recurrentBias } : {}), drop };
}

function initialState({ units, initialState: h, initialMemory: c }: ScanShape, b: number): CellState {
  return { h: rowOf(h, b, units), c: rowOf(c, b, units) };
}

/** A SimpleRNN's states are all that there is to know of its run. */
function ofStates(states: Float64Array, { cell = "simpleRNN" }: ScanShape): ScanStates {
  if (cell !== "simpleRNN")
    throw new Error(`reference: pass all that scanStates returned for a cell ${cell}`);
  return { states, memory: new Float64Array(states.length), gates: states };
}

/** A copy of one row; zeros where there are no values. */
function rowOf(values: ArrayLike<number> | undefined, row: number, width: number): Float64Array {
  const copy = new Float64Array(width);
  for (let i = 0; values && i < width; i++) copy[i] = values[row * width + i];
  return copy;
}
