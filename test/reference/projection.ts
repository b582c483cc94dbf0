import type { DenseGradients } from "./dense";

/** A recurrent layer's product with its input. B batch, T steps, I inputs, G gates, U units. */
export interface ProjectionShape {
  readonly batch: number;
  readonly steps: number;
  readonly inputs: number;
  readonly gates: number;
  readonly units: number;
  /** [B][I], the same at all steps, or [B][G][I], other ones for each gate: what x is multiplied by. */
  readonly drop?: ArrayLike<number>;
}

/**
 * z_g = (drop_g ⊙ x) · kernel_g + bias_g.
 *
 * @param x [B][T][I]
 * @param kernel [I][G·U]
 * @param bias [G·U], or undefined for none
 * @returns [B][T][G·U]
 */
export function projectForward(
  x: ArrayLike<number>,
  kernel: ArrayLike<number>,
  bias: ArrayLike<number> | undefined,
  shape: ProjectionShape,
): Float64Array {
  const { batch, steps, inputs, gates, units } = shape;
  const columns = gates * units;
  const z = new Float64Array(batch * steps * columns);
  for (let row = 0; row < batch * steps; row++) {
    for (let j = 0; j < columns; j++) {
      let sum = bias ? bias[j] : 0;
      for (let i = 0; i < inputs; i++) {
        sum += x[row * inputs + i] * factor(shape, row, j, i) * kernel[i * columns + j];
      }
      z[row * columns + j] = sum;
    }
  }
  return z;
}

/**
 * dX = drop ⊙ (dZ · kernelᵀ), dKernel = (drop ⊙ x)ᵀ · dZ, dBias = Σ dZ.
 *
 * @param dZ [B][T][G·U]
 */
export function projectBackward(
  dZ: ArrayLike<number>,
  x: ArrayLike<number>,
  kernel: ArrayLike<number>,
  shape: ProjectionShape,
): DenseGradients {
  const { batch, steps, inputs, gates, units } = shape;
  const columns = gates * units;
  const dX = new Float64Array(batch * steps * inputs);
  const dKernel = new Float64Array(inputs * columns);
  const dBias = new Float64Array(columns);
  for (let row = 0; row < batch * steps; row++) {
    for (let j = 0; j < columns; j++) {
      const dz = dZ[row * columns + j];
      dBias[j] += dz;
      for (let i = 0; i < inputs; i++) {
        const keep = factor(shape, row, j, i);
        dX[row * inputs + i] += dz * keep * kernel[i * columns + j];
        dKernel[i * columns + j] += x[row * inputs + i] * keep * dz;
      }
    }
  }
  return { dX, dKernel, dBias };
}

function factor(shape: ProjectionShape, row: number, column: number, input: number): number {
  const { drop, batch, steps, inputs, gates, units } = shape;
  if (drop === undefined) return 1;
  const b = Math.floor(row / steps);
  const perGate = drop.length > batch * inputs;
  return drop[(perGate ? b * gates + Math.floor(column / units) : b) * inputs + input];
}
