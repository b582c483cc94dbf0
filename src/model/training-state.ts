import { optimizerSlots } from "../kernels";
import { invalid } from "../runtime/errors";
import { write } from "../runtime/arena";
import type { WeightPlan } from "./architecture";
import type { CompileOptions } from "./compile-options";
import type { CompileConfig, Compiled } from "./compiled";
import { isAmount } from "./checks";
import { currentRate, type Optimizer } from "./optimizers";
import { checkedWeights, namedWeights } from "./weight-values";
import type { NamedWeight } from "./weights";

/** What an optimizer has come to: with it, training goes on as if it had never stopped. */
export interface OptimizerState {
  /** Optimizer steps taken. */
  iterations: number;
  /**
   * As it is now: callbacks may have changed it. Default: the one the optimizer was made with. Where that has a
   * schedule, it follows from the iterations.
   */
  learningRate?: number;
  /** What it remembers of each weight that is trained, by slot (`velocity`, `momentum`, …), in the order of the weights. */
  slots: Record<string, NamedWeight[]>;
}

/** What a file says of a model's training, until a first call needs it. */
export interface SavedTraining {
  options: CompileOptions & CompileConfig;
  state?: OptimizerState;
}

/** Reads the optimizer's state back from the device. */
export async function readOptimizerState(compiled: Compiled): Promise<OptimizerState> {
  const { parameters, optimizer, iterations, learningRate } = compiled;
  const slots: OptimizerState["slots"] = {};
  for (const [name, { flat }] of Object.entries(parameters.slots(optimizer.rule))) {
    slots[name] = await parameters.read(flat, parameters.trainedPlans);
  }
  return { iterations, learningRate, slots };
}

/** Puts a state that {@link checkedState} has passed on the device. */
export function writeOptimizerState(compiled: Compiled, state: Required<OptimizerState>): void {
  const { device, parameters, optimizer } = compiled;
  for (const [name, { flat }] of Object.entries(parameters.slots(optimizer.rule))) {
    flat.forEach((tensor, i) => write(device, tensor, state.slots[name][i].data));
  }
  compiled.iterations = state.iterations;
  compiled.learningRate = state.learningRate;
}

/**
 * Checks an optimizer's state, and copies it.
 *
 * @param plans the model's weights
 * @throws {InvalidInputError} slots of another optimizer, or values that do not fit.
 */
export function checkedState(
  optimizer: Optimizer,
  plans: readonly WeightPlan[],
  { iterations, learningRate = optimizer.learningRate, slots }: OptimizerState,
): Required<OptimizerState> {
  const where = "setOptimizerState";
  const fail = (expected: string, got: string): never => {
    const remedy = "pass what getOptimizerState() of a model with the same layers and optimizer gave";
    throw invalid(where, expected, got, remedy);
  };
  if (!(Number.isSafeInteger(iterations) && iterations >= 0)) {
    fail("iterations as a whole number of at least 0", String(iterations));
  }
  if (!isAmount(learningRate)) {
    fail("learningRate as a number of at least 0", String(learningRate));
  }
  const [expected, got] = [optimizerSlots(optimizer.rule), Object.keys(slots)];
  if (expected.length !== got.length || expected.some((name) => !Object.hasOwn(slots, name))) {
    const list = (names: string[]): string => names.join(", ") || "none";
    fail(`the slots ${list(expected)} of ${optimizer.name}`, list(got));
  }
  const trained = plans.filter(({ trainable }) => trainable);
  const checked = expected.map((slot): [string, NamedWeight[]] => {
    return [slot, namedWeights(trained, checkedWeights(slots[slot], trained, `${where} (${slot})`))];
  });
  const rate = currentRate(optimizer, iterations, learningRate);
  return { iterations, learningRate: rate, slots: Object.fromEntries(checked) };
}
