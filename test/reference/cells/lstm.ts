import { activate, derivativeFromOutput } from "../activation";
import { add, gateOf, product, productBackward } from "./cell";
import type { Cell, CellOptions } from "./cell";

/**
 * Keras's LSTM, gates in the order i, f, g, o (Keras calls the candidate c); s the gates' activation, a the
 * cell's:
 *
 *     i, f, o = s(z + hPrev · R)       g = a(z + hPrev · R)
 *     c = f ⊙ cPrev + i ⊙ g            h = o ⊙ a(c)
 *
 *     dC = dc + dh ⊙ o ⊙ a'(c)         dcPrev = dC ⊙ f
 *     di = dC ⊙ g ⊙ s'   df = dC ⊙ cPrev ⊙ s'   dg = dC ⊙ i ⊙ a'   do = dh ⊙ a(c) ⊙ s'
 */
export function lstmCell({ activation, recurrentActivation }: CellOptions): Cell {
  const kinds = [recurrentActivation, recurrentActivation, activation, recurrentActivation] as const;
  return {
    gates: 4,
    memory: true,
    forward(z, { h: hPrev, c: cPrev }, weights) {
      const { units } = weights;
      const gates = z.slice();
      kinds.forEach((kind, gate) => {
        const values = gateOf(gates, gate, units);
        add(values, product(hPrev, gate, weights));
        values.forEach((sum, u) => (values[u] = activate(kind, sum)));
      });
      const [i, f, g, o] = kinds.map((_, gate) => gateOf(gates, gate, units));
      const c = cPrev.map((before, u) => f[u] * before + i[u] * g[u]);
      return { h: c.map((value, u) => o[u] * activate(activation, value)), c, gates };
    },
    backward({ h: dh, c: dc }, { h: hPrev, c: cPrev }, { c, gates }, weights, sums) {
      const { units } = weights;
      const [i, f, g, o] = kinds.map((_, gate) => gateOf(gates, gate, units));
      const dz = new Float64Array(4 * units);
      const dcPrev = new Float64Array(units);
      for (let u = 0; u < units; u++) {
        const out = activate(activation, c[u]);
        const dC = dc[u] + dh[u] * o[u] * derivativeFromOutput(activation, out);
        dcPrev[u] = dC * f[u];
        [dC * g[u], dC * cPrev[u], dC * i[u], dh[u] * out].forEach((d, gate) => {
          const at = gate * units + u;
          dz[at] = d * derivativeFromOutput(kinds[gate], gates[at]);
        });
      }
      const dhPrev = new Float64Array(units);
      for (let gate = 0; gate < 4; gate++) {
        add(dhPrev, productBackward(gateOf(dz, gate, units), hPrev, gate, weights, sums));
      }
      return { dz, dBefore: { h: dhPrev, c: dcPrev } };
    },
  };
}
