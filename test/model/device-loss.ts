/** Calls of a model whose devices are lost at random moments: the same program in Node and in every browser. */
import {
  dense,
  dropout,
  embedding,
  sequential,
  simpleRNN,
  type Device,
  type Sequential,
} from "../../src/index";
import { AssertionFailure } from "../support/assert";
import { randomIntegers } from "../support/random";
import { findTheSeven } from "./training";

/** What came of it. */
export interface LossTally {
  /** Devices lost, by the call that lost them. */
  lost: { fit: number; evaluate: number; predict: number };
  /** Calls that have gone on on another device, each to an undisturbed call's bits. */
  resumed: number;
}

const train = findTheSeven(1);
const test = findTheSeven(5);

/** A model whose devices can be taken away. */
class Subject {
  readonly model: Sequential;
  readonly #request: () => Promise<Device>;
  #device: Device | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  lost = 0;

  constructor(request: () => Promise<Device>) {
    this.#request = request;
    this.model = sequential([
      embedding(20, 6),
      dropout(0.1),
      simpleRNN(9),
      dense(1, { activation: "sigmoid" }),
    ]);
  }

  async compile(): Promise<void> {
    const device = async (): Promise<Device> => {
      return (this.#device = await this.#request());
    };
    const loss = "binaryCrossentropy";
    await this.model.compile({ optimizer: "adam", loss, metrics: ["acc"], device, seed: 3, scan: "wide" });
  }

  /** Destroys the device in so many milliseconds, and some the one after it as well. */
  loseIn(milliseconds: number, again: boolean): void {
    this.#timer = setTimeout(() => {
      this.lost++;
      this.#device?.destroy();
      if (again) this.loseIn(milliseconds, false);
    }, milliseconds);
  }

  /** Calls off a loss that has not come yet. */
  keep(): void {
    clearTimeout(this.#timer);
  }

  dispose(): void {
    this.keep();
    this.model.dispose();
    this.#device?.destroy();
  }
}

type Call = (model: Sequential) => Promise<unknown>;

/** In the order in which each round makes them. */
const calls: [name: keyof LossTally["lost"], call: Call][] = [
  [
    "fit",
    async (model) => {
      const { history } = await model.fit(train.x, train.y, {
        epochs: 3,
        batchSize: 8,
        validationSplit: 0.2,
      });
      return [history, await model.getWeights(), await model.getOptimizerState()];
    },
  ],
  ["evaluate", (model) => model.evaluate(test.x, test.y, { batchSize: 8 })],
  ["predict", (model) => model.predict(test.x, { batchSize: 8 })],
];

/**
 * Trains, evaluates and predicts, round after round, with devices that are destroyed at random moments of the calls.
 *
 * @param request gives a new device
 * @param losses devices to lose, at least
 * @throws {AssertionFailure} a call ended otherwise than an undisturbed one.
 */
export async function loseDevices(
  request: () => Promise<Device>,
  losses: number,
  seed = 1,
): Promise<LossTally> {
  const undisturbed = new Subject(request);
  await undisturbed.compile();
  const expected: string[] = [];
  const durations: number[] = [];
  for (const [, call] of calls) {
    const begin = performance.now();
    expected.push(plain(await call(undisturbed.model)));
    durations.push(performance.now() - begin);
  }
  undisturbed.dispose();
  const tally: LossTally = { lost: { fit: 0, evaluate: 0, predict: 0 }, resumed: 0 };
  const moments = randomIntegers(100 * losses, seed, 0, 1000);
  for (let round = 0; sum(tally.lost) < losses; round++) {
    const subject = new Subject(request);
    try {
      await subject.compile();
      for (const [i, [name, call]] of calls.entries()) {
        const before = subject.lost;
        const moment = moments[(calls.length * round + i) % moments.length];
        subject.loseIn((moment / 1000) * durations[i], moment % 3 === 0);
        const result = plain(await call(subject.model));
        subject.keep();
        if (result !== expected[i])
          throw new AssertionFailure(`${name}, round ${round}: other bits after a loss`);
        tally.lost[name] += subject.lost - before;
        tally.resumed += subject.lost > before ? 1 : 0;
      }
    } finally {
      subject.dispose();
    }
  }
  return tally;
}

/** Every bit of it. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    ArrayBuffer.isView(part) ? [...(part as Float32Array)] : part,
  );
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((a, b) => a + b, 0);
}
