import { RandomState } from "../random-state";
import { type LabelledRows, type Scores, ScoreSum, type TextClassifier, slopeOf } from "./scores";

const LEARNING_RATE = 0.5;

export interface AveragedEmbeddingsOptions {
  /** V: size of the vocabulary. */
  numWords: number;
  /** E: length of a word's vector. */
  width: number;
  seed: number;
}

/**
 * fastText's classifier: the mean of the words' vectors (padding and start mark left out), and logistic regression
 * on it. Vectors and regression are trained together by stochastic gradient descent; steps shrink linearly to 0.
 *
 * @see Joulin, Grave, Bojanowski and Mikolov, Bag of Tricks for Efficient Text Classification, EACL 2017
 */
export class AveragedEmbeddings implements TextClassifier {
  readonly #numWords: number;
  readonly #width: number;
  readonly #random: RandomState;
  /** (V, E) */
  readonly #table: Float32Array;
  /** (E) */
  readonly #kernel: Float32Array;
  /** (E): the mean of the review at hand. */
  readonly #mean: Float32Array;
  #bias = 0;

  constructor({ numWords, width, seed }: AveragedEmbeddingsOptions) {
    this.#numWords = numWords;
    this.#width = width;
    this.#random = new RandomState(seed);
    // As fastText begins: the vectors within ±1/E, the regression at 0.
    const draw = () => (2 * this.#random.uniform() - 1) / width;
    this.#table = Float32Array.from({ length: numWords * width }, draw);
    this.#kernel = new Float32Array(width);
    this.#mean = new Float32Array(width);
  }

  get parameters(): number {
    return this.#table.length + this.#width + 1;
  }

  *train({ x, y }: LabelledRows, epochs: number): Generator<Scores, void, undefined> {
    const rows = this.#wordsOf(x);
    const order = Uint32Array.from(rows, (_, row) => row);
    let seen = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      this.#random.shuffle(order);
      const sum = new ScoreSum();
      for (const row of order) {
        const logit = this.#logit(rows[row]);
        sum.add(logit, y[row]);
        const rate = LEARNING_RATE * (1 - seen++ / (epochs * order.length));
        this.#step(rows[row], rate * slopeOf(logit, y[row]));
      }
      yield sum.means();
    }
  }

  score({ x, y }: LabelledRows): Scores {
    const sum = new ScoreSum();
    this.#wordsOf(x).forEach((words, row) => sum.add(this.#logit(words), y[row]));
    return sum.means();
  }

  #wordsOf(x: LabelledRows["x"]): Uint32Array[] {
    const isWord = (id: number) => id > 1 && id < this.#numWords;
    return Array.from(x, (row) => Uint32Array.from(Array.from(row).filter(isWord)));
  }

  #logit(words: Uint32Array): number {
    const [table, kernel, mean, width] = [this.#table, this.#kernel, this.#mean, this.#width];
    mean.fill(0);
    for (const word of words) for (let e = 0; e < width; e++) mean[e] += table[word * width + e];
    let sum = this.#bias;
    for (let e = 0; e < width; e++) {
      mean[e] /= Math.max(1, words.length);
      sum += mean[e] * kernel[e];
    }
    return sum;
  }

  /** One step down the gradient; `mean` is that of these words. */
  #step(words: Uint32Array, step: number): void {
    const [table, kernel, mean, width] = [this.#table, this.#kernel, this.#mean, this.#width];
    const share = step / Math.max(1, words.length);
    for (const word of words) for (let e = 0; e < width; e++) table[word * width + e] -= share * kernel[e];
    for (let e = 0; e < width; e++) kernel[e] -= step * mean[e];
    this.#bias -= step;
  }
}
