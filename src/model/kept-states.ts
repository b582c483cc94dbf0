import { read } from "../runtime/arena";
import { invalid } from "../runtime/errors";
import type { Architecture } from "./architecture";
import {
  checkedStates,
  namedStates,
  statePlans,
  type CarriedStates,
  type NamedState,
  type StatePlan,
} from "./states";
import type { Workspace } from "./workspace";

/** The states of stateful layers between two calls: left behind by the last batch, or given by the user. */
export class KeptStates {
  readonly #plans: readonly StatePlan[];
  #given: CarriedStates | undefined;

  constructor(architecture: Architecture) {
    this.#plans = statePlans(architecture).filter(({ stateful }) => stateful);
  }

  /** See `Sequential.getStates`. */
  async get(workspace: Workspace | undefined): Promise<NamedState[]> {
    this.#assertStateful("getStates");
    return namedStates(this.#plans, this.#given ?? (await this.#leftIn(workspace)));
  }

  /** See `Sequential.setStates`. */
  set(states: readonly (NamedState | ArrayLike<number>)[]): void {
    this.#assertStateful("setStates");
    this.#given = checkedStates(states, this.#plans, "setStates");
  }

  /** Lets the next batch begin with zeros. */
  reset(workspace: Workspace | undefined): void {
    this.#given = undefined;
    workspace?.resetStates();
  }

  /**
   * What the user has given for the next batch, once; nothing if the states are to stay as they are.
   *
   * @throws {InvalidInputError} it has fewer rows than the batch.
   */
  takeGiven(samples: number): readonly Float32Array[] {
    const given = this.#given;
    if (!given) return [];
    if (given.rows < samples) {
      const expected = `a row of each state for each row of a batch (${samples})`;
      const remedy = "pass states of a whole batch, or another batchSize";
      throw invalid("setStates", expected, String(given.rows), remedy);
    }
    this.#given = undefined;
    return given.values;
  }

  /** The same for a workspace that follows another one: what that leaves behind where nothing was given. */
  async takeOver(before: Workspace | undefined, samples: number): Promise<readonly Float32Array[]> {
    const given = this.takeGiven(samples);
    return given.length > 0 ? given : (await this.#leftIn(before)).values;
  }

  async #leftIn(workspace: Workspace | undefined): Promise<CarriedStates> {
    if (!workspace || workspace.carried.length === 0 || workspace.device.lost) {
      return { rows: 0, values: this.#plans.map(() => new Float32Array(0)) };
    }
    const { device, carried } = workspace;
    return { rows: carried[0].shape[0], values: await read(device, carried) };
  }

  #assertStateful(where: string): void {
    if (this.#plans.length > 0) return;
    throw invalid(where, "a model with a stateful layer", "one without", "make one with { stateful: true }");
  }
}
