import { RandomState } from "../random-state";
import type { Features, SparseRows, WordRows } from "./features";
import { type LabelledRows, type Scores, ScoreSum, type TextClassifier, slopeOf } from "./scores";

const LEARNING_RATE = 2;
const L2 = 1e-5;
/** The bias is in every review, a word in few. */
const BIAS_SHARE = 0.1;

/** Logistic regression with L2 on sparse rows, by stochastic gradient descent; steps shrink as 1/epoch. */
export class LogisticRegression implements TextClassifier {
  readonly #featuresOf: (train: WordRows) => Features;
  readonly #random: RandomState;
  readonly #weights: Float64Array;
  #features: Features | undefined;
  #bias = 0;

  /** @param features made of the rows to train on, which alone may say how rare a word is */
  constructor(features: (train: WordRows) => Features, numWords: number, seed: number) {
    this.#featuresOf = features;
    this.#random = new RandomState(seed);
    this.#weights = new Float64Array(numWords);
  }

  get parameters(): number {
    return this.#weights.length + 1;
  }

  *train({ x, y }: LabelledRows, epochs: number): Generator<Scores, void, undefined> {
    this.#features = this.#featuresOf(x);
    const rows = this.#features.rows(x);
    const order = Uint32Array.from(x, (_, row) => row);
    for (let epoch = 0; epoch < epochs; epoch++) {
      this.#random.shuffle(order);
      yield this.#trainEpoch(rows, y, order, LEARNING_RATE / (1 + epoch));
    }
  }

  score({ x, y }: LabelledRows): Scores {
    const rows = (this.#features ?? this.#featuresOf(x)).rows(x);
    const sum = new ScoreSum();
    for (let row = 0; row < x.length; row++) sum.add(this.#logit(rows, row), y[row]);
    return sum.means();
  }

  #trainEpoch(rows: SparseRows, y: ArrayLike<number>, order: Uint32Array, rate: number): Scores {
    const { starts, ids, values } = rows;
    const sum = new ScoreSum();
    const keep = 1 - rate * L2;
    for (const row of order) {
      const logit = this.#logit(rows, row);
      sum.add(logit, y[row]);
      const step = rate * slopeOf(logit, y[row]);
      for (let i = starts[row]; i < starts[row + 1]; i++) {
        this.#weights[ids[i]] = this.#weights[ids[i]] * keep - step * values[i];
      }
      this.#bias -= BIAS_SHARE * step;
    }
    return sum.means();
  }

  #logit({ starts, ids, values }: SparseRows, row: number): number {
    let sum = this.#bias;
    for (let i = starts[row]; i < starts[row + 1]; i++) sum += this.#weights[ids[i]] * values[i];
    return sum;
  }
}
