import { read } from "../runtime/arena";
import { describe, invalid, StateError } from "../runtime/errors";
import type { Architecture } from "./architecture";
import { batchCapacity } from "./batch-plan";
import { noStep } from "../kernels";
import { layoutOf, range, type Session } from "./session";
import { needsOtherSteps } from "./stages";
import { checkedStates, namedStates, statePlans, type NamedState } from "./states";
import type { TokenData } from "./token-data";
import { Workspace } from "./workspace";

/** What a model says after one more token. */
export interface StreamStep {
  /** The model's output after this token: the last layer's columns. */
  output: Float32Array;
  /** The state of each recurrent layer, in order: h [units], and behind it c [units] of an LSTM. */
  states: Float32Array[];
}

/**
 * A sequence that a model takes token by token, its states kept on the device in between: for text that is
 * being typed, or that the model writes itself. Made by `Sequential.stream`.
 */
export interface TokenStream {
  /**
   * Takes one more token. Calls that overlap are done one after the other.
   *
   * @param token id in [0, vocabulary)
   * @returns the model's output after it, and the states of its recurrent layers
   * @throws {InvalidInputError} an id out of range or not a whole number; nothing has changed then.
   * @throws {StateError} the stream or its model was disposed of, or the model compiled anew.
   * @example
   * const stream = await model.stream();
   * const { output } = await stream.next(wordIndex.get("wonderful") + 3);
   */
  next(token: number): Promise<StreamStep>;

  /** The states of all recurrent layers under their names: h, and c of an LSTM, each [1, units]. */
  getStates(): Promise<NamedState[]>;

  /**
   * Goes on from other states, those that `predict` returned of a row, for instance.
   *
   * @param states what `getStates` returns, or bare arrays in that order; `undefined` for zeros
   * @throws {InvalidInputError} a wrong number of states, a wrong name or length, a value that is not finite.
   * @example
   * // A model whose recurrent layers have `returnState` reads a text at once, and goes on from there.
   * const { states } = await model.predict([tokens]);
   * await stream.setStates(states);
   */
  setStates(states: readonly (NamedState | ArrayLike<number>)[] | undefined): Promise<void>;

  /** Begins a new sequence: all states are zero again. */
  reset(): void;

  /** Frees what the stream holds on the device. A second call does nothing; any other use then throws. */
  dispose(): void;
}

/** @param usable whether the model is still the one that the stream was made for */
export async function openStream(session: Session, usable: () => boolean): Promise<TokenStream> {
  const { architecture, compiled } = session;
  const { vocabulary, outputs: columns, sequences } = architecture;
  const { device } = compiled;
  checkStreams(architecture);
  const data: TokenData = { rows: 1, steps: 1, tokens: new Uint32Array(1), starts: Uint32Array.of(0, 1) };
  const layout = { ...layoutOf(session, 1), sharePrefix: false, carriesState: true };
  const workspace = await Workspace.create(architecture, compiled, {
    layout,
    capacity: batchCapacity(data, 1, vocabulary, layout),
    tokens: 2,
    training: false,
  });
  const plans = statePlans(architecture);
  let last: Promise<unknown> = Promise.resolve();
  let disposed = false;

  /** Runs a call behind those before it. */
  const inTurn = <Result>(
    where: string,
    task: (where: string) => Result | Promise<Result>,
  ): Promise<Result> => {
    const result = last.then(() => {
      if (disposed || !usable()) {
        const got = disposed ? "one after dispose()" : "one whose model was disposed of or compiled anew";
        throw new StateError(describe(where, "a live stream", got, "call model.stream() again"));
      }
      device.assertAlive(where);
      return task(where);
    });
    last = result.catch(() => undefined);
    return result;
  };

  return {
    next: (token) =>
      inTurn("stream.next", async (where) => {
        if (!(Number.isInteger(token) && token >= 0 && token < vocabulary)) {
          throw invalid(
            where,
            `a token id that is a whole number from 0 to ${vocabulary - 1}`,
            String(token),
            "encode the text with the model's own vocabulary",
          );
        }
        data.tokens[0] = token;
        workspace.uploadTokens(data);
        const plan = workspace.planner.plan(data, undefined, range(0, 1), false, noStep);
        device.submit("stream", (encoder) => {
          workspace.encodePlan(encoder, 0, plan.words);
          workspace.programs.evaluate!.last.encode(encoder, plan.sizes);
        });
        // Of a net that returns sequences, row 0 is the state before the step.
        const output = workspace.programs.outputs[0].view("output", [columns], sequences ? columns : 0);
        const [values, ...states] = await read(device, [output, ...workspace.carried]);
        return { output: values, states };
      }),
    getStates: () =>
      inTurn("stream.getStates", async () =>
        namedStates(plans, { rows: 1, values: await read(device, workspace.carried) }),
      ),
    setStates: (states) =>
      inTurn("stream.setStates", (where) => {
        if (states === undefined) {
          workspace.resetStates();
          return;
        }
        const { rows, values } = checkedStates(states, plans, where);
        if (rows !== 1) throw invalid(where, "states of one row", `${rows} rows`, "pass those of one row");
        workspace.takeStates(values);
      }),
    reset() {
      last = last.then(() => {
        if (!disposed) workspace.resetStates();
      });
    },
    dispose() {
      disposed = true;
      workspace.dispose();
    },
  };
}

/** @throws {InvalidInputError} a layer needs the steps that are still to come, or forgets those before. */
function checkStreams({ layers }: Architecture): void {
  const later = layers.find(needsOtherSteps);
  if (!later) return;
  throw invalid(
    "stream",
    "layers that take one step after the other",
    `${later.config.className} (${later.name}), which needs other steps as well`,
    "use predict on whole rows",
  );
}
