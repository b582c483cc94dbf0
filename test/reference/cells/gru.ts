import { activate, derivativeFromOutput } from "../activation";
import { add, gateOf, product, productBackward } from "./cell";
import type { Cell, CellOptions, RecurrentWeights } from "./cell";

const [Z, R, G] = [0, 1, 2];

/**
 * Keras's GRU, gates in the order z, r, g (Keras calls the candidate h); s the gates' activation, a the
 * cell's:
 *
 *     z, r = s(x + hPrev · R + rb)
 *     g = a(x_g + r ⊙ (hPrev · R_g + rb_g))      reset after the product
 *     g = a(x_g + (r ⊙ hPrev) · R_g)             reset before it
 *     h = z ⊙ hPrev + (1 - z) ⊙ g
 *
 *     dz = dh ⊙ (hPrev - g) ⊙ s'                 dg = dh ⊙ (1 - z) ⊙ a'
 *     after:  dr = dg ⊙ (hPrev · R_g + rb_g) ⊙ s',   dg ⊙ r goes back through the product
 *     before: dm = dg · R_gᵀ,   dr = dm ⊙ hPrev ⊙ s',   dhPrev += dm ⊙ r
 *     dhPrev += dh ⊙ z, and what comes through the products of z and r
 *
 * A recurrent dropout changes what goes into the products, not the hPrev that z keeps.
 */
export function gruCell({ activation, recurrentActivation }: CellOptions, resetAfter: boolean): Cell {
  const kinds = [recurrentActivation, recurrentActivation, activation] as const;

  /** What the candidate gets from the state. */
  function candidateInput(hPrev: Float64Array, r: Float64Array, weights: RecurrentWeights): Float64Array {
    if (resetAfter) return times(r, product(hPrev, G, weights));
    return product(times(r, hPrev), G, weights);
  }

  return {
    gates: 3,
    memory: false,
    forward(x, { h: hPrev, c }, weights) {
      const { units } = weights;
      const gates = x.slice();
      const [z, r, g] = kinds.map((_, gate) => gateOf(gates, gate, units));
      const activateGate = (gate: number, recurrent: Float64Array): void => {
        const values = gateOf(gates, gate, units);
        values.forEach((sum, u) => (values[u] = activate(kinds[gate], sum + recurrent[u])));
      };
      activateGate(Z, product(hPrev, Z, weights));
      activateGate(R, product(hPrev, R, weights));
      activateGate(G, candidateInput(hPrev, r, weights));
      const h = hPrev.map((before, u) => z[u] * before + (1 - z[u]) * g[u]);
      return { h, c, gates };
    },
    backward({ h: dh, c: dc }, { h: hPrev }, { gates }, weights, sums) {
      const { units } = weights;
      const [z, r, g] = kinds.map((_, gate) => gateOf(gates, gate, units));
      const slopes = gates.map((y, i) => derivativeFromOutput(kinds[Math.floor(i / units)], y));
      const [slopeZ, slopeR, slopeG] = kinds.map((_, gate) => gateOf(slopes, gate, units));
      const dz = dh.map((d, u) => d * (hPrev[u] - g[u]) * slopeZ[u]);
      const dg = dh.map((d, u) => d * (1 - z[u]) * slopeG[u]);
      const dhPrev = times(dh, z);
      let dReset: Float64Array;
      if (resetAfter) {
        dReset = times(dg, product(hPrev, G, weights));
        add(dhPrev, productBackward(times(dg, r), hPrev, G, weights, sums));
      } else {
        const dm = productBackward(dg, times(r, hPrev), G, weights, sums);
        dReset = times(dm, hPrev);
        add(dhPrev, times(dm, r));
      }
      const dr = times(dReset, slopeR);
      add(dhPrev, productBackward(dz, hPrev, Z, weights, sums));
      add(dhPrev, productBackward(dr, hPrev, R, weights, sums));
      return { dz: Float64Array.from([...dz, ...dr, ...dg]), dBefore: { h: dhPrev, c: dc } };
    },
  };
}

function times(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value * b[i]);
}
