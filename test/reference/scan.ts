import { activate, derivativeFromOutput } from "./activation";
import type { PointwiseActivation } from "./activation";

/** The sizes and options of one recurrence. B batch, T time steps, U units. */
export interface ScanShape {
  readonly batch: number;
  readonly steps: number;
  readonly units: number;
  readonly activation: PointwiseActivation;
  /** [B][T], in token order: where it is 0 the step carries the state over. */
  readonly mask?: ArrayLike<number>;
  /** Takes the last token first; states are then in that order, too. */
  readonly goBackwards?: boolean;
  /** [B][U], zero where absent. */
  readonly initialState?: ArrayLike<number>;
}

/**
 * The SimpleRNN recurrence: h[s] = act(z[t(s)] + h[s-1] · R), where t(s) is s, or T-1-s backwards.
 *
 * @param z [B][T][U], in token order: x · kernel + bias
 * @param recurrentKernel R, [U][U]
 * @returns states [B][T][U], in the order they were computed
 */
export function scanForward(
  z: ArrayLike<number>,
  recurrentKernel: ArrayLike<number>,
  shape: ScanShape,
): Float64Array {
  const { batch, steps, units, activation } = shape;
  const states = new Float64Array(batch * steps * units);
  for (let b = 0; b < batch; b++) {
    for (let s = 0; s < steps; s++) {
      const t = tokenStep(shape, s);
      for (let u = 0; u < units; u++) {
        let sum = z[(b * steps + t) * units + u];
        for (let v = 0; v < units; v++) {
          sum += previousState(states, shape, b, s, v) * recurrentKernel[v * units + u];
        }
        states[(b * steps + s) * units + u] = isMasked(shape, b, t)
          ? previousState(states, shape, b, s, u)
          : activate(activation, sum);
      }
    }
  }
  return states;
}

/** What `scanBackward` returns. */
export interface ScanGradients {
  /** [B][T][U], in token order. */
  readonly dZ: Float64Array;
  /** [U][U] */
  readonly dRecurrentKernel: Float64Array;
  /** [B][U] */
  readonly dInitialState: Float64Array;
}

/**
 * The derivative of `scanForward`: with dh[s] = dStates[s] + dz[s+1] · Rᵀ,
 * dz[s] = dh[s] ⊙ act'(z[s]) and dR = Σ h[s-1]ᵀ · dz[s].
 * A masked step hands dh on untouched.
 *
 * @param dStates [B][T][U], what arrives at each state from outside, in the order of `states`
 * @param states what `scanForward` returned
 */
export function scanBackward(
  dStates: ArrayLike<number>,
  states: Float64Array,
  recurrentKernel: ArrayLike<number>,
  shape: ScanShape,
): ScanGradients {
  const { batch, steps, units, activation } = shape;
  const dZ = new Float64Array(batch * steps * units);
  const dRecurrentKernel = new Float64Array(units * units);
  const dInitialState = new Float64Array(batch * units);
  for (let b = 0; b < batch; b++) {
    let dh = new Float64Array(units);
    for (let s = steps - 1; s >= 0; s--) {
      const t = tokenStep(shape, s);
      for (let u = 0; u < units; u++) dh[u] += dStates[(b * steps + s) * units + u];
      if (isMasked(shape, b, t)) continue;
      const dz = dZ.subarray((b * steps + t) * units, (b * steps + t + 1) * units);
      for (let u = 0; u < units; u++) {
        dz[u] = dh[u] * derivativeFromOutput(activation, states[(b * steps + s) * units + u]);
      }
      const dPrevious = new Float64Array(units);
      for (let v = 0; v < units; v++) {
        const hPrevious = previousState(states, shape, b, s, v);
        for (let u = 0; u < units; u++) {
          dPrevious[v] += dz[u] * recurrentKernel[v * units + u];
          dRecurrentKernel[v * units + u] += hPrevious * dz[u];
        }
      }
      dh = dPrevious;
    }
    dInitialState.set(dh, b * units);
  }
  return { dZ, dRecurrentKernel, dInitialState };
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

function previousState(states: Float64Array, shape: ScanShape, b: number, s: number, u: number): number {
  const { steps, units, initialState } = shape;
  if (s > 0) return states[(b * steps + s - 1) * units + u];
  return initialState ? initialState[b * units + u] : 0;
}
