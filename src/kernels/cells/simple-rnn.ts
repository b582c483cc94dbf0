import { activationFunctions, type Activation } from "../shared/activation";
import type { Cell } from "./cell";

/**
 * Elman's cell (1990), Keras's SimpleRNN:
 *
 *     h_t = f(z_t),      z_t = x_t·kernel + bias + h_{t-1}·recurrentKernel
 *     dz_t = dh_t ⊙ f'(z_t), with f' written in h_t (tanh: 1 - h²)
 */
export function simpleRnnCell(activation: Activation): Cell {
  return {
    name: `simpleRnn-${activation}`,
    gates: 1,
    memory: false,
    keepsGates: false,
    functions: activationFunctions(activation),
    forward: ({ z, h }, suffix) => `${h} = activate${suffix}(${z[0]});`,
    backward: ({ z, dh, h }, suffix) => `${z[0]} = ${dh} * slope${suffix}(${h});`,
  };
}
