import type { BidirectionalDescription, RecurrentDescription } from "../support/layers";
import { pointwise } from "./activation";
import type { DropFactors, Flow, Gradients, LastStates, Tape } from "./flow";
import { projectBackward, projectForward } from "./projection";
import type { ProjectionShape } from "./projection";
import { atLastState, gatesOf, lastState, scanBackward, scanStates } from "./scan";
import type { ScanShape } from "./scan";

/** What a run of a recurrent layer may start from and be changed by. */
export interface RecurrentRun {
  readonly drop?: DropFactors;
  /** Where the samples begin; at zero where absent. */
  readonly initial?: LastStates;
  /** Puts zeros where a masked step would repeat the state, as Keras's Bidirectional does in sequences. */
  readonly zeroMasked?: boolean;
}

/** A recurrent layer's tape; its output has the states in the order they were computed. */
export interface RecurrentTape extends Tape {
  readonly lastStates: readonly [LastStates];
}

/** Projects every step, then scans; consumes the mask and passes none on. */
export function runRecurrent(
  layer: RecurrentDescription,
  weights: readonly Float64Array[],
  input: Flow,
  { drop, initial, zeroMasked = false }: RecurrentRun = {},
): RecurrentTape {
  const { batch, steps, width, mask } = input;
  const { units, returnSequences, goBackwards, type } = layer;
  const [kernel, recurrentKernel] = weights;
  const { inputBias, recurrentBias } = biasesOf(layer, weights);
  const projection: ProjectionShape = {
    ...{ batch, steps, units, inputs: width, gates: gatesOf[type] },
    drop: drop?.input,
  };
  const scan: ScanShape = {
    ...{ batch, steps, units, mask, goBackwards, cell: type, recurrentBias },
    activation: pointwise(layer.activation),
    recurrentActivation: pointwise(layer.recurrentActivation ?? "sigmoid"),
    resetAfter: layer.resetAfter,
    recurrentDropout: drop?.recurrent,
    initialState: initial?.h,
    initialMemory: initial?.c,
  };
  const z = projectForward(input.data, kernel, inputBias, projection);
  const run = scanStates(z, recurrentKernel, scan);
  const seen = returnSequences && zeroMasked ? unmasked(input, units, goBackwards) : undefined;
  const data = returnSequences ? run.states.map((h, i) => (seen?.[i] ?? 1) * h) : lastState(run.states, scan);
  return {
    output: { data, batch, steps: returnSequences ? steps : 1, width: units },
    lastStates: [{ h: lastState(run.states, scan), c: lastState(run.memory, scan) }],
    backward: (dOutput) => {
      const dStates = returnSequences
        ? dOutput.map((d, i) => (seen?.[i] ?? 1) * d)
        : atLastState(dOutput, scan);
      const { dZ, dRecurrentKernel, dRecurrentBias } = scanBackward(dStates, run, recurrentKernel, scan);
      const { dX, dKernel, dBias } = projectBackward(dZ, input.data, kernel, projection);
      const dBoth = recurrentBias ? Float64Array.from([...dBias, ...dRecurrentBias]) : dBias;
      return { dInput: dX, dWeights: [dKernel, dRecurrentKernel, ...(layer.useBias ? [dBoth] : [])] };
    },
  };
}

/** A GRU that resets after the product has two biases in one array, [2][G·U]. */
function biasesOf(
  { type, resetAfter, useBias, units }: RecurrentDescription,
  [, , bias]: readonly Float64Array[],
): { inputBias?: Float64Array; recurrentBias?: Float64Array } {
  if (!useBias) return {};
  if (type !== "gru" || resetAfter === false) return { inputBias: bias };
  const columns = gatesOf.gru * units;
  return { inputBias: bias.subarray(0, columns), recurrentBias: bias.subarray(columns) };
}

/** 1 for the values of each step that is not masked, 0 for the others, in the order of computation. */
function unmasked(
  { mask, batch, steps }: Flow,
  units: number,
  goBackwards: boolean,
): Float64Array | undefined {
  if (mask === undefined) return undefined;
  const seen = Float64Array.from({ length: batch * steps * units }, (_, i) =>
    mask[Math.floor(i / units)] === 0 ? 0 : 1,
  );
  return goBackwards ? reverseSteps(seen, batch, steps, units) : seen;
}

/** Turns the steps of each sample round: [B][T][W]. */
export function reverseSteps(
  x: ArrayLike<number>,
  batch: number,
  steps: number,
  width: number,
): Float64Array {
  const out = new Float64Array(x.length);
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < steps; t++) {
      for (let j = 0; j < width; j++) {
        out[(b * steps + t) * width + j] = x[(b * steps + steps - 1 - t) * width + j];
      }
    }
  }
  return out;
}

/** How a bidirectional layer's two runs begin and are changed. */
export interface BidirectionalRun {
  readonly drop?: { readonly forward?: DropFactors; readonly backward?: DropFactors };
  readonly initial?: readonly LastStates[];
}

/**
 * Runs the layer from the first step to the last, another one with weights of its own from the last to the
 * first, and merges: side by side, or element by element. Sequences are in token order, and zero at masked
 * steps.
 *
 * @param weights the forward layer's, then the backward layer's
 */
export function runBidirectional(
  { layer, mergeMode }: BidirectionalDescription,
  weights: readonly Float64Array[],
  input: Flow,
  { drop, initial }: BidirectionalRun = {},
): Tape {
  const half = weights.length / 2;
  const forward = runRecurrent(layer, weights.slice(0, half), input, {
    ...{ drop: drop?.forward, initial: initial?.[0], zeroMasked: true },
  });
  const backward = runRecurrent({ ...layer, goBackwards: !layer.goBackwards }, weights.slice(half), input, {
    ...{ drop: drop?.backward, initial: initial?.[1], zeroMasked: true },
  });
  const { batch, steps, width } = forward.output;
  const turn = (x: Float64Array): Float64Array => reverseSteps(x, batch, steps, width);
  const [a, b] = [forward.output.data, turn(backward.output.data)];
  const data =
    mergeMode === "concat" ? interleave(a, b, width) : a.map((value, i) => merge(mergeMode, value, b[i]));
  return {
    output: { data, batch, steps, width: mergeMode === "concat" ? 2 * width : width },
    lastStates: [...forward.lastStates, ...backward.lastStates],
    backward: (dOutput): Gradients => {
      const [dA, dB] = split(mergeMode, dOutput, a, b, width);
      const first = forward.backward(dA, false);
      const second = backward.backward(turn(dB), false);
      return {
        dInput: first.dInput.map((d, i) => d + second.dInput[i]),
        dWeights: [...first.dWeights, ...second.dWeights],
      };
    },
  };
}

type Elementwise = Exclude<BidirectionalDescription["mergeMode"], "concat">;

function merge(mode: Elementwise, a: number, b: number): number {
  switch (mode) {
    case "sum":
      return a + b;
    case "mul":
      return a * b;
    case "ave":
      return (a + b) / 2;
  }
}

/** The derivatives by what was merged. */
function split(
  mode: BidirectionalDescription["mergeMode"],
  d: Float64Array,
  a: Float64Array,
  b: Float64Array,
  width: number,
): [dA: Float64Array, dB: Float64Array] {
  switch (mode) {
    case "concat": {
      const isFirst = (i: number): boolean => i % (2 * width) < width;
      return [d.filter((_, i) => isFirst(i)), d.filter((_, i) => !isFirst(i))];
    }
    case "sum":
      return [d, d];
    case "mul":
      return [d.map((value, i) => value * b[i]), d.map((value, i) => value * a[i])];
    case "ave":
      return [d.map((value) => value / 2), d.map((value) => value / 2)];
  }
}

/** Rows of a and b side by side. */
function interleave(a: Float64Array, b: Float64Array, width: number): Float64Array {
  return Float64Array.from({ length: 2 * a.length }, (_, i) => {
    const [row, j] = [Math.floor(i / (2 * width)), i % (2 * width)];
    return j < width ? a[row * width + j] : b[row * width + j - width];
  });
}
