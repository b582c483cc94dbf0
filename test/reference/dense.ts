/** The sizes of a dense layer: N rows, I inputs, U units. */
export interface DenseShape {
  readonly rows: number;
  readonly inputs: number;
  readonly units: number;
}

/**
 * z = x · kernel + bias, before any activation.
 *
 * @param x [N][I]
 * @param kernel [I][U]
 * @param bias [U], or undefined for none
 * @returns [N][U]
 */
export function denseForward(
  x: ArrayLike<number>,
  kernel: ArrayLike<number>,
  bias: ArrayLike<number> | undefined,
  { rows, inputs, units }: DenseShape,
): Float64Array {
  const z = new Float64Array(rows * units);
  for (let n = 0; n < rows; n++) {
    for (let u = 0; u < units; u++) {
      let sum = bias ? bias[u] : 0;
      for (let i = 0; i < inputs; i++) sum += x[n * inputs + i] * kernel[i * units + u];
      z[n * units + u] = sum;
    }
  }
  return z;
}

/** The derivatives of `denseForward`: dX [N][I], dKernel [I][U], dBias [U]. */
export interface DenseGradients {
  readonly dX: Float64Array;
  readonly dKernel: Float64Array;
  readonly dBias: Float64Array;
}

/**
 * dX = dZ · kernelᵀ, dKernel = xᵀ · dZ, dBias = Σ dZ.
 *
 * @param dZ [N][U]
 * @param x [N][I]
 * @param kernel [I][U]
 */
export function denseBackward(
  dZ: ArrayLike<number>,
  x: ArrayLike<number>,
  kernel: ArrayLike<number>,
  { rows, inputs, units }: DenseShape,
): DenseGradients {
  const dX = new Float64Array(rows * inputs);
  const dKernel = new Float64Array(inputs * units);
  const dBias = new Float64Array(units);
  for (let n = 0; n < rows; n++) {
    for (let u = 0; u < units; u++) {
      const dz = dZ[n * units + u];
      dBias[u] += dz;
      for (let i = 0; i < inputs; i++) {
        dX[n * inputs + i] += dz * kernel[i * units + u];
        dKernel[i * units + u] += x[n * inputs + i] * dz;
      }
    }
  }
  return { dX, dKernel, dBias };
}
