import { add } from "./cells/cell";
import { denseBackward, denseForward } from "./dense";
import type { DenseGradients, DenseShape } from "./dense";

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
  const { batch, steps, gates, units } = shape;
  const z = new Float64Array(batch * steps * gates * units);
  for (let gate = 0; gate < gates; gate++) {
    const own = columnsOf(kernel, gate, shape);
    const ownBias = bias && columnsOf(bias, gate, shape);
    placeColumns(denseForward(dropped(x, gate, shape), own, ownBias, denseShape(shape)), z, gate, shape);
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
  const total = {
    dX: new Float64Array(batch * steps * inputs),
    dKernel: new Float64Array(inputs * gates * units),
    dBias: new Float64Array(gates * units),
  };
  for (let gate = 0; gate < gates; gate++) {
    const own = columnsOf(kernel, gate, shape);
    const ownDz = columnsOf(dZ, gate, shape);
    const gradients = denseBackward(ownDz, dropped(x, gate, shape), own, denseShape(shape));
    add(total.dX, dropped(gradients.dX, gate, shape));
    placeColumns(gradients.dKernel, total.dKernel, gate, shape);
    placeColumns(gradients.dBias, total.dBias, gate, shape);
  }
  return total;
}

function denseShape({ batch, steps, inputs, units }: ProjectionShape): DenseShape {
  return { rows: batch * steps, inputs, units };
}

/** x times what of it reaches a gate. */
function dropped(x: ArrayLike<number>, gate: number, shape: ProjectionShape): ArrayLike<number> {
  const { drop, batch, steps, inputs, gates } = shape;
  if (drop === undefined) return x;
  const perGate = drop.length > batch * inputs;
  return Float64Array.from(x, (value, i) => {
    const b = Math.floor(i / (steps * inputs));
    return value * drop[(perGate ? b * gates + gate : b) * inputs + (i % inputs)];
  });
}

/** The columns of one gate: [N][G·U] → [N][U]. */
function columnsOf(x: ArrayLike<number>, gate: number, { gates, units }: ProjectionShape): Float64Array {
  const columns = new Float64Array(x.length / gates);
  for (let i = 0; i < columns.length; i++) {
    columns[i] = x[(Math.floor(i / units) * gates + gate) * units + (i % units)];
  }
  return columns;
}

/** The other way round. */
function placeColumns(
  from: Float64Array,
  to: Float64Array,
  gate: number,
  { gates, units }: ProjectionShape,
): void {
  for (let i = 0; i < from.length; i++) {
    to[(Math.floor(i / units) * gates + gate) * units + (i % units)] = from[i];
  }
}
