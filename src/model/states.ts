import { recurrentOf, type Architecture } from "./architecture";
import { checkedWeights, dataOf } from "./weight-values";

/** A state of a recurrent layer, a row for each sample. */
export interface NamedState {
  /** `"lstm/h"`, `"lstm/c"`, `"bidirectional/backward_gru/h"`, … */
  readonly name: string;
  /** [rows, units] */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

/** States of time loops as they lie on a device, one array per loop: [rows, units], or [rows, 2·units] with c behind h. */
export interface CarriedStates {
  readonly rows: number;
  readonly values: readonly Float32Array[];
}

/** What a time loop of a model carries along. */
export interface StatePlan {
  name: string;
  units: number;
  /** h, and c of cells with a memory. */
  parts: readonly ("h" | "c")[];
  /** Whether the next batch goes on from it. */
  stateful: boolean;
  /** Whether `predict` returns it. */
  returned: boolean;
}

/** The time loops of a model in Keras's order: layer by layer, forward before backward. */
export function statePlans({ layers }: Architecture): StatePlan[] {
  return layers.flatMap(({ config, weights }) => {
    const layer = recurrentOf(config);
    if (!layer) return [];
    const { units, stateful, returnState: returned, className } = layer;
    const parts = className === "LSTM" ? (["h", "c"] as const) : (["h"] as const);
    const kernels = weights.filter(({ key }) => /(^|\.)kernel$/.test(key));
    // `lstm/lstm_cell/kernel` → `lstm`
    const names = kernels.map(({ name }) => name.split("/").slice(0, -2).join("/"));
    return names.map((name) => ({ name, units, parts, stateful, returned }));
  });
}

/** States under their names, h and c apart. */
export function namedStates(plans: readonly StatePlan[], { rows, values }: CarriedStates): NamedState[] {
  return plans.flatMap(({ name, units, parts }, i) =>
    parts.map((part, at): NamedState => {
      const data = new Float32Array(rows * units);
      for (let row = 0; row < rows; row++) {
        const from = (row * parts.length + at) * units;
        data.set(values[i].subarray(from, from + units), row * units);
      }
      return { name: `${name}/${part}`, shape: [rows, units], data };
    }),
  );
}

/**
 * Checks states against what a model has, and puts them as they lie on a device.
 *
 * @throws {InvalidInputError} a wrong number of states, a wrong name or length, a value that is not finite.
 */
export function checkedStates(
  states: readonly (NamedState | ArrayLike<number>)[],
  plans: readonly StatePlan[],
  where: string,
): CarriedStates {
  const first = states.at(0);
  const rows = first && plans.length > 0 ? Math.ceil(dataOf(first).length / plans[0].units) : 0;
  const wanted = plans.flatMap(({ name, units, parts }) =>
    parts.map((part) => ({ name: `${name}/${part}`, shape: [rows, units] })),
  );
  const checked = checkedWeights(states, wanted, where, "state", "getStates()");
  let next = 0;
  const values = plans.map(({ units, parts }) => {
    const own = checked.slice(next, (next += parts.length));
    const joined = new Float32Array(rows * parts.length * units);
    own.forEach((data, at) => {
      for (let row = 0; row < rows; row++) {
        joined.set(data.subarray(row * units, (row + 1) * units), (row * parts.length + at) * units);
      }
    });
    return joined;
  });
  return { rows, values };
}
