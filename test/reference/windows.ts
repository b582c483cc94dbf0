/** A window of `size` steps that slides over a sequence. B batch, T steps, I features, S windows. */
export interface WindowShape {
  readonly batch: number;
  readonly steps: number;
  readonly width: number;
  readonly size: number;
  readonly strides: number;
  readonly padding: "valid" | "same" | "causal" | number;
}

/** Windows over the sequence: whole ones only (valid), or one for each stride that begins in it, or so far in front of it. */
export function windowCount({ steps, size, strides, padding }: WindowShape): number {
  if (typeof padding === "number") return Math.ceil((steps + padding) / strides);
  return padding === "valid" ? Math.floor((steps - size) / strides) + 1 : Math.ceil(steps / strides);
}

/**
 * Steps that the first window begins before the sequence does. "same" puts half of what is missing in front,
 * the odd step behind; "causal" puts all in front.
 */
export function windowStart(shape: WindowShape): number {
  const { steps, size, strides, padding } = shape;
  if (padding === "valid") return 0;
  if (padding === "causal") return size - 1;
  if (typeof padding === "number") return padding;
  return Math.floor(Math.max(0, (windowCount(shape) - 1) * strides + size - steps) / 2);
}

/** Calls `visit` for each step k of each window s that lies in the sequence, at step t of it. */
function eachStep(shape: WindowShape, visit: (s: number, k: number, t: number) => void): void {
  const { steps, size, strides } = shape;
  const start = windowStart(shape);
  for (let s = 0; s < windowCount(shape); s++) {
    for (let k = 0; k < size; k++) {
      const t = s * strides - start + k;
      if (t >= 0 && t < steps) visit(s, k, t);
    }
  }
}

/**
 * z[b][s] = bias + Σ_k x[b][t(s, k)] · kernel[k], zeros beyond the ends of x.
 *
 * @param x [B][T][I]
 * @param kernel [K][I][F]
 * @param bias [F], or undefined for none
 * @returns [B][S][F], before any activation
 */
export function conv1dForward(
  x: ArrayLike<number>,
  kernel: ArrayLike<number>,
  bias: ArrayLike<number> | undefined,
  filters: number,
  shape: WindowShape,
): Float64Array {
  const { batch, steps, width } = shape;
  const count = windowCount(shape);
  const z = Float64Array.from({ length: batch * count * filters }, (_, i) => bias?.[i % filters] ?? 0);
  eachStep(shape, (s, k, t) => {
    for (let b = 0; b < batch; b++) {
      for (let i = 0; i < width; i++) {
        const value = x[(b * steps + t) * width + i];
        for (let f = 0; f < filters; f++) {
          z[(b * count + s) * filters + f] += value * kernel[(k * width + i) * filters + f];
        }
      }
    }
  });
  return z;
}

/** The derivatives of `conv1dForward`: dX [B][T][I], dKernel [K][I][F], dBias [F]. */
export function conv1dBackward(
  dZ: ArrayLike<number>,
  x: ArrayLike<number>,
  kernel: ArrayLike<number>,
  filters: number,
  shape: WindowShape,
): { dX: Float64Array; dKernel: Float64Array; dBias: Float64Array } {
  const { batch, steps, width, size } = shape;
  const count = windowCount(shape);
  const dX = new Float64Array(batch * steps * width);
  const dKernel = new Float64Array(size * width * filters);
  const dBias = new Float64Array(filters);
  for (let i = 0; i < dZ.length; i++) dBias[i % filters] += dZ[i];
  eachStep(shape, (s, k, t) => {
    for (let b = 0; b < batch; b++) {
      for (let i = 0; i < width; i++) {
        const at = (b * steps + t) * width + i;
        for (let f = 0; f < filters; f++) {
          const dz = dZ[(b * count + s) * filters + f];
          dX[at] += dz * kernel[(k * width + i) * filters + f];
          dKernel[(k * width + i) * filters + f] += x[at] * dz;
        }
      }
    }
  });
  return { dX, dKernel, dBias };
}

/**
 * The largest value of each window, feature by feature, and at which step it stands: the first among equals.
 *
 * @param x [B][T][I]
 * @returns values and steps, each [B][S][I]
 */
export function maxPooling1dForward(
  x: ArrayLike<number>,
  shape: WindowShape,
): { values: Float64Array; at: Int32Array } {
  const { batch, steps, width } = shape;
  const count = windowCount(shape);
  const values = new Float64Array(batch * count * width).fill(-Infinity);
  const at = new Int32Array(values.length);
  eachStep(shape, (s, _k, t) => {
    for (let b = 0; b < batch; b++) {
      for (let i = 0; i < width; i++) {
        const value = x[(b * steps + t) * width + i];
        const to = (b * count + s) * width + i;
        if (value > values[to]) [values[to], at[to]] = [value, t];
      }
    }
  });
  return { values, at };
}

/**
 * Each window's derivative goes to where its largest value stands.
 *
 * @param dValues [B][S][I]
 * @param at as `maxPooling1dForward` returned it
 * @returns [B][T][I]
 */
export function maxPooling1dBackward(
  dValues: ArrayLike<number>,
  at: ArrayLike<number>,
  shape: WindowShape,
): Float64Array {
  const { batch, steps, width } = shape;
  const perSample = windowCount(shape) * width;
  const dX = new Float64Array(batch * steps * width);
  for (let n = 0; n < dValues.length; n++) {
    const b = Math.floor(n / perSample);
    dX[(b * steps + at[n]) * width + (n % width)] += dValues[n];
  }
  return dX;
}
