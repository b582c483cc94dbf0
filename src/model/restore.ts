import { write } from "../runtime/arena";
import type { Tensor } from "../runtime/tensor";
import { otherTraining } from "./checks";
import { compileConfig } from "./compiled";
import { Random } from "./random";
import type { Session } from "./session";
import type { TrainingSnapshot, TrainingState } from "./snapshot";
import { checkedState, writeOptimizerState } from "./training-state";
import { checkedWeights, namedWeights, plansOf } from "./weight-values";

/** What a snapshot says of the model and its machine. */
export function describeModelOf(session: Session): Pick<TrainingState, "config" | "compile" | "machine"> {
  const { compiled } = session;
  const machine = { adapter: compiled.device.description, scan: compiled.shape };
  return { config: session.config(), compile: compileConfig(compiled), machine };
}

/** Puts a snapshot on the device. */
export interface Restore {
  /** Before the workspace is opened: takes the shape of the time loop that the bits so far are those of. */
  chooseShape: () => void;
  /** Weights, the optimizer, the generators, and what stateful layers carry. */
  write: (carried: readonly Tensor[]) => void;
}

/**
 * Checks that a snapshot is one of this model, and gives what puts it on the device.
 *
 * @throws {InvalidInputError} other layers, another optimizer, loss or metric, or weights that do not fit; the
 *   model is unchanged then.
 */
export function prepareRestore(session: Session, snapshot: TrainingSnapshot): Restore {
  const { compiled, architecture } = session;
  compareModels(session, snapshot);
  const plans = plansOf(architecture);
  const weights = namedWeights(plans, checkedWeights(snapshot.weights, plans, "fit, resume"));
  const optimizer = checkedState(compiled.optimizer, plans, snapshot.optimizer);
  return restoreOf(session, { ...snapshot, weights, optimizer });
}

/** As {@link prepareRestore}, of a state that is known to be this model's. */
export function restoreOf({ compiled, useShape }: Session, snapshot: TrainingState): Restore {
  const random = Random.fromState(snapshot.position.generators.order);
  const { adapter, scan } = snapshot.machine;
  return {
    // Which shape is faster is measured anew at every compile.
    chooseShape: () => void (adapter === compiled.device.description && useShape(scan)),
    write(carried) {
      checkCarried(carried, snapshot.carried);
      compiled.parameters.set(snapshot.weights.map(({ data }) => data));
      writeOptimizerState(compiled, snapshot.optimizer);
      compiled.random = random;
      compiled.drawnSeed = snapshot.position.generators.dropout;
      carried.forEach((tensor, i) => write(compiled.device, tensor, snapshot.carried[i]));
    },
  };
}

function checkCarried(tensors: readonly Tensor[], saved: readonly Float32Array[]): void {
  const sizes = (list: readonly { length: number }[]): string =>
    list.map(({ length }) => length).join(", ") || "none";
  const [expected, got] = [sizes(tensors), sizes(saved)];
  if (expected === got) return;
  throw otherTraining(`states of stateful layers of ${expected} values`, got);
}

function compareModels(session: Session, snapshot: TrainingSnapshot): void {
  const here = describeModelOf(session);
  const parts: [name: string, saved: unknown, now: unknown][] = [
    ["layers", snapshot.config.layers, here.config.layers],
    ["the optimizer", snapshot.compile.optimizer, here.compile.optimizer],
    ["the loss", snapshot.compile.loss, here.compile.loss],
    ["metrics", snapshot.compile.metrics, here.compile.metrics],
  ];
  for (const [name, saved, now] of parts) {
    const [expected, got] = [JSON.stringify(saved), JSON.stringify(now)];
    if (expected === got) continue;
    throw otherTraining(
      `${name} as in the checkpoint (${differing(expected, got)})`,
      differing(got, expected),
    );
  }
}

/** Where a long text differs from another, for a message. */
function differing(text: string, other: string): string {
  if (text.length <= 100) return text;
  let at = 0;
  while (at < text.length && text[at] === other[at]) at++;
  const from = Math.max(0, at - 40);
  return `${from > 0 ? "…" : ""}${text.slice(from, from + 90)}…`;
}
