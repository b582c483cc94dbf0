import { activationFunctions, type Activation } from "../shared/activation";
import type { Cell } from "./cell";

/**
 * Long short-term memory with forget gates (Hochreiter & Schmidhuber 1997; Gers et al. 2000), Keras's LSTM,
 * gates in the order i, f, g, o (Keras writes c for the candidate g). With s the gates' activation, f the
 * cell's:
 *
 *     i, f, o = s(z_i), s(z_f), s(z_o)      g = f(z_g)
 *     c_t = f ⊙ c_{t-1} + i ⊙ g             h_t = o ⊙ f(c_t)
 *
 *     dc ← dc + dh ⊙ o ⊙ f'(c_t)
 *     dz_o = dh ⊙ f(c_t) ⊙ s'               dz_g = dc ⊙ i ⊙ f'
 *     dz_i = dc ⊙ g ⊙ s'                    dz_f = dc ⊙ c_{t-1} ⊙ s'
 *     dc_{t-1} = dc ⊙ f
 */
export function lstmCell(activation: Activation, recurrentActivation: Activation): Cell {
  return {
    name: `lstm-${activation}-${recurrentActivation}`,
    gates: 4,
    memory: true,
    keepsGates: true,
    functions:
      activationFunctions(activation) + activationFunctions(recurrentActivation, "gate", "gateSlope"),
    forward: ({ z: [i, f, g, o], h, c }, s) => `
      ${i} = gate${s}(${i}); ${f} = gate${s}(${f}); ${g} = activate${s}(${g}); ${o} = gate${s}(${o});
      ${c} = ${f} * ${c} + ${i} * ${g};
      ${h} = ${o} * activate${s}(${c});`,
    backward: ({ z: [i, f, g, o], c, cPrev, dh, dc }, s) => `{
      let out = activate${s}(${c});
      let d = ${dc} + ${dh} * ${o} * slope${s}(out);
      let dI = d * ${g} * gateSlope${s}(${i});
      let dG = d * ${i} * slope${s}(${g});
      ${dc} = d * ${f};
      ${f} = d * ${cPrev} * gateSlope${s}(${f});
      ${o} = ${dh} * out * gateSlope${s}(${o});
      ${i} = dI;
      ${g} = dG;
    }`,
  };
}
