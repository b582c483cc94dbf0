import { activate, derivativeFromOutput } from "../activation";
import { product, productBackward } from "./cell";
import type { Cell, CellOptions } from "./cell";

/**
 * Elman's cell:
 *
 *     h = f(z + hPrev · R)
 *     dz = dh ⊙ f'        dhPrev = dz · Rᵀ
 */
export function simpleRnnCell({ activation }: CellOptions): Cell {
  return {
    gates: 1,
    memory: false,
    forward(z, { h: hPrev, c }, weights) {
      const recurrent = product(hPrev, 0, weights);
      const h = z.map((sum, u) => activate(activation, sum + recurrent[u]));
      return { h, c, gates: h };
    },
    backward({ h: dh, c: dc }, { h: hPrev }, { h }, weights, sums) {
      const dz = dh.map((d, u) => d * derivativeFromOutput(activation, h[u]));
      return { dz, dBefore: { h: productBackward(dz, hPrev, 0, weights, sums), c: dc } };
    },
  };
}
