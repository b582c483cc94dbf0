import { activationFunctions, type Activation } from "../shared/activation";
import type { Cell } from "./cell";

/**
 * The gated recurrent unit (Cho et al. 2014), Keras's GRU, gates in the order z, r, g (Keras writes h for the
 * candidate g). With s the gates' activation, f the cell's:
 *
 *     z, r = s(z_z), s(z_r)
 *     g = f(x_g + r ⊙ q),  q = h_{t-1}·recurrentKernel_g + recurrentBias_g      reset after the product
 *     g = f(x_g + m·recurrentKernel_g),  m = r ⊙ h_{t-1}                        reset before it
 *     h_t = z ⊙ h_{t-1} + (1 - z) ⊙ g
 *
 *     dz_g = dh ⊙ (1 - z) ⊙ f'              dz_z = dh ⊙ (h_{t-1} - g) ⊙ s'
 *     dh_{t-1} = dh ⊙ z + what comes through the products
 *     after:  dq = dz_g ⊙ r,  dz_r = dz_g ⊙ q ⊙ s'
 *     before: dm = dz_g·recurrentKernel_gᵀ,  dz_r = dm ⊙ h_{t-1} ⊙ s',  dh_{t-1} += dm ⊙ r
 */
export function gruCell(activation: Activation, recurrentActivation: Activation, resetAfter: boolean): Cell {
  const functions =
    activationFunctions(activation) + activationFunctions(recurrentActivation, "gate", "gateSlope");
  const shared = { gates: 3, memory: false, keepsGates: true, functions };
  const name = `gru-${activation}-${recurrentActivation}`;
  if (resetAfter) {
    return {
      ...shared,
      name: `${name}-after`,
      lastGate: "product",
      forward: ({ z: [z, r, g], q, h }, s) => `
      ${z} = gate${s}(${z}); ${r} = gate${s}(${r}); ${g} = activate${s}(${g} + ${r} * ${q});
      ${h} = ${z} * ${h} + (1.0 - ${z}) * ${g};`,
      backward: ({ z: [z, r, g], q, hPrev, dh, direct }, s) => `{
      let dG = ${dh} * (1.0 - ${z}) * slope${s}(${g});
      ${direct} = ${dh} * ${z};
      ${z} = ${dh} * (${hPrev} - ${g}) * gateSlope${s}(${z});
      ${g} = dG;
      let dR = dG * ${q} * gateSlope${s}(${r});
      ${q} = dG * ${r};
      ${r} = dR;
    }`,
    };
  }
  return {
    ...shared,
    name: `${name}-before`,
    lastGate: "input",
    reset: ({ z: [, r], h, m }, s) => `${r} = gate${s}(${r}); ${m} = ${r} * ${h};`,
    forward: ({ z: [z, , g], h }, s) => `
      ${z} = gate${s}(${z}); ${g} = activate${s}(${g});
      ${h} = ${z} * ${h} + (1.0 - ${z}) * ${g};`,
    backward: ({ z: [z, , g], hPrev, dh, direct }, s) => `{
      let dG = ${dh} * (1.0 - ${z}) * slope${s}(${g});
      ${direct} = ${dh} * ${z};
      ${z} = ${dh} * (${hPrev} - ${g}) * gateSlope${s}(${z});
      ${g} = dG;
    }`,
    resetBackward: ({ z: [, r], hPrev, direct, dm }, s) => `{
      ${direct} += ${dm} * ${r};
      ${r} = ${dm} * ${hPrev} * gateSlope${s}(${r});
    }`,
  };
}
