import type { Architecture, WeightPlan } from "../../model/architecture";
import { nadamProduct } from "../../model/optimizers";
import type { Optimizer } from "../../model/optimizers";
import type { OptimizerState } from "../../model/training-state";
import type { NamedWeight } from "../../model/weights";
import { optimizerClass } from "./training";

/** A variable of an optimizer in a file. */
export interface StoredVariable {
  /** As the file names it, if it does. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

interface Plan {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Keras 3 writes a list of slots for each of these, weight by weight; the lists lie one behind the other. */
const slotGroups: Record<Optimizer["rule"]["kind"], readonly (readonly string[])[]> = {
  sgd: [["momentum"]],
  rmsprop: [["velocity"], ["momentum"], ["average_gradient"]],
  adam: [["momentum", "velocity"], ["velocity_hat"]],
  nadam: [["momentum", "velocity"]],
};

/** The weights that an optimizer has variables for. */
export function trainedWeights({ layers }: Architecture): WeightPlan[] {
  return layers.flatMap(({ weights }) => weights).filter(({ trainable }) => trainable);
}

/** The slots that an optimizer with these constants has. */
export function slotNames({ rule }: Optimizer): string[] {
  const has: Record<string, boolean> = {
    velocity: true,
    momentum: "beta1" in rule || rule.momentum > 0,
    average_gradient: rule.kind === "rmsprop" && rule.centered,
    velocity_hat: rule.kind === "adam" && rule.amsgrad,
  };
  return slotGroups[rule.kind].flat().filter((slot) => has[slot]);
}

/** The order of Keras 3: iteration, learning rate, then slot and weight of each variable. */
function order(optimizer: Optimizer, plans: readonly Plan[]): { slot: string; plan: number }[] {
  const present = new Set(slotNames(optimizer));
  return slotGroups[optimizer.rule.kind].flatMap((group) => {
    const slots = group.filter((slot) => present.has(slot));
    return plans.flatMap((_, plan) => slots.map((slot) => ({ slot, plan })));
  });
}

/** The variables of an optimizer in Keras 3's order, under its names. */
export function optimizerVariables(
  optimizer: Optimizer,
  state: OptimizerState,
  plans: readonly Plan[],
): { name: string; shape: readonly number[]; data: Int32Array | Float32Array }[] {
  const { iterations, learningRate = optimizer.learningRate } = state;
  const { rule, schedule } = optimizer;
  const scalar = (name: string, value: number): { name: string; shape: number[]; data: Float32Array } => ({
    name,
    shape: [],
    data: Float32Array.of(value),
  });
  const slots = order(optimizer, plans).map(({ slot, plan }) => {
    const { name, shape } = plans[plan];
    return { name: `${name.replaceAll("/", "_")}_${slot}`, shape, data: state.slots[slot][plan].data };
  });
  return [
    { name: "iteration", shape: [], data: Int32Array.of(iterations) },
    ...(schedule ? [] : [scalar("learning_rate", learningRate)]),
    ...slots,
    // Keras gives this one no name of its own.
    ...(rule.kind === "nadam" ? [scalar("variable", nadamProduct(rule.beta1, iterations))] : []),
  ];
}

/** Where a variable's name says what it is: Keras 3, then Keras 2.11 to 2.15, then tf.keras before. */
const slotPatterns: readonly [RegExp, string][] = [
  [/(^|[/_])velocity_hat(:0)?$|\/vhat:0$|\/velocity_hat\//, "velocity_hat"],
  [/(^|[/_])average_gradient(:0)?$|\/mg:0$|\/average_gradient\//, "average_gradient"],
  [/(^|[/_])velocity(:0)?$|\/v:0$|\/rms:0$|\/v\/|\/velocity\//, "velocity"],
  [/(^|[/_])momentum(:0)?$|\/m:0$|\/m\/|\/momentum\//, "momentum"],
];

const iterationName = /(^|\/)_?iter(ation)?s?(:0)?$/;
const rateName = /(^|\/)(_?current_)?learning_rate(:0)?$/;

/**
 * An optimizer's state of the variables in a file.
 *
 * @returns the state, or in words why it cannot be taken
 */
export function stateFromVariables(
  variables: readonly StoredVariable[],
  optimizer: Optimizer,
  plans: readonly Plan[],
): OptimizerState | string {
  const named =
    variables.length > 0 && variables.some(({ name }) => slotPatterns.some(([form]) => form.test(name)));
  const sorted = named ? sortByName(variables, optimizer) : sortByPosition(variables, optimizer, plans);
  if (typeof sorted === "string") return sorted;
  const { iterations, learningRate, lists } = sorted;
  const slots: OptimizerState["slots"] = {};
  for (const slot of slotNames(optimizer)) {
    const list = lists.get(slot) ?? [];
    const misfit = plans.findIndex(({ shape }, i) => String(list[i]?.shape) !== String(shape));
    if (list.length !== plans.length || misfit >= 0) {
      return `${optimizerClass(optimizer)} needs a ${slot} for each of ${plans.length} weights, and the file has others`;
    }
    if (list.some(({ data }) => !data.every(Number.isFinite)))
      return `its ${slot} has values that are not finite`;
    slots[slot] = plans.map(({ name, shape }, i): NamedWeight => ({
      name,
      shape,
      data: new Float32Array(list[i].data),
    }));
  }
  // Keras keeps the rate as a float32; the configuration may say the same with more digits.
  const isTheSame = learningRate === undefined || learningRate === Math.fround(optimizer.learningRate);
  return { iterations, learningRate: isTheSame ? optimizer.learningRate : learningRate, slots };
}

interface Sorted {
  iterations: number;
  learningRate: number | undefined;
  lists: Map<string, StoredVariable[]>;
}

function sortByName(variables: readonly StoredVariable[], { rule }: Optimizer): Sorted | string {
  const sorted: Sorted = { iterations: 0, learningRate: undefined, lists: new Map() };
  for (const variable of variables) {
    const { name, shape, data } = variable;
    const slot = slotPatterns.find(([form]) => form.test(name))?.[1];
    if (shape.length === 0 && iterationName.test(name)) sorted.iterations = data[0];
    else if (shape.length === 0 && rateName.test(name)) sorted.learningRate = data[0];
    // Nadam's product follows from the iterations.
    else if (shape.length === 0 && rule.kind === "nadam") continue;
    else if (slot === undefined) return `its variable "${name}" is not known`;
    else sorted.lists.set(slot, [...(sorted.lists.get(slot) ?? []), variable]);
  }
  return sorted;
}

/** Without names: Keras 3 numbers the variables; Keras 2 had the same slots one list behind the other. */
function sortByPosition(
  all: readonly StoredVariable[],
  optimizer: Optimizer,
  plans: readonly Plan[],
): Sorted | string {
  const variables = withoutProduct(all, optimizer);
  const scalars = variables.findIndex(({ shape }) => shape.length > 0);
  const count = scalars < 0 ? variables.length : scalars;
  const slots = variables.slice(count);
  const sorted: Sorted = {
    iterations: variables[0]?.data[0] ?? 0,
    learningRate: undefined,
    lists: new Map(),
  };
  if (count === 0) sorted.iterations = 0;
  if (count > 1) sorted.learningRate = variables[1].data[0];
  if (count > 2) return `it has ${count} scalars`;
  const names = slotNames(optimizer);
  const oneBehindTheOther = names.flatMap((slot) => plans.map((_, plan) => ({ slot, plan })));
  const byKeras3 = order(optimizer, plans);
  const fits = byKeras3.every(({ plan }, i) => String(slots[i]?.shape) === String(plans[plan].shape));
  // Keras 2 has as many scalars where the rate follows a schedule; some versions of Keras 3 have Nadam's lists so, too.
  const isOfKeras3 = count === scalarsOf(optimizer) && fits;
  const places = isOfKeras3 ? byKeras3 : oneBehindTheOther;
  if (slots.length < places.length) return `it has ${slots.length} variables instead of ${places.length}`;
  places.forEach(({ slot }, i) => sorted.lists.set(slot, [...(sorted.lists.get(slot) ?? []), slots[i]]));
  return sorted;
}

/** Scalars that Keras 3 has before the slots: the iterations, and a learning rate that follows no schedule. */
const scalarsOf = ({ schedule }: Optimizer): number => (schedule ? 1 : 2);

/** Without Nadam's product, which stands before the slots or behind them, and follows from the iterations. */
function withoutProduct(
  variables: readonly StoredVariable[],
  optimizer: Optimizer,
): readonly StoredVariable[] {
  if (optimizer.rule.kind !== "nadam") return variables;
  return variables.filter(({ shape }, i) => shape.length > 0 || i < scalarsOf(optimizer));
}
