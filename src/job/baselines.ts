import { AveragedEmbeddings } from "../datasets/baselines/averaged-embeddings";
import { tfIdf, wordOccurrence } from "../datasets/baselines/features";
import { LogisticRegression } from "../datasets/baselines/logistic-regression";
import type { LabelledRows, Scores, TextClassifier } from "../datasets/baselines/scores";
import { trainAndEvaluate, type JobModel, type TrainOptions } from "./train";
import type { JobConfig, JobData, JobResult, LabelledReviews } from "./types";

/** What stands behind each baseline's name. */
const makers = {
  bow: ({ numWords, seed }) => new LogisticRegression(() => wordOccurrence(numWords), numWords, seed),
  tfidf: ({ numWords, seed }) => new LogisticRegression((train) => tfIdf(train, numWords), numWords, seed),
  fasttext: ({ numWords, embedding, seed }) => new AveragedEmbeddings({ numWords, width: embedding, seed }),
} satisfies Record<string, (config: JobConfig) => TextClassifier>;

/** A classifier that needs no GPU: it sees which words a review has, not their order. */
export type BaselineName = keyof typeof makers;

export const baselineNames = Object.keys(makers) as BaselineName[];

const meanings: Record<BaselineName, string> = {
  bow: "logistic regression on which words occur",
  tfidf: "logistic regression on words weighed by TF-IDF",
  fasttext: "logistic regression on the mean of the words' vectors",
};

/**
 * Trains and evaluates a baseline on what a network of this job would see: the same reviews, cut at the same
 * length, the same part held out for validation.
 *
 * @throws {DOMException} `AbortError`: `signal` asked to stop.
 */
export async function runBaseline(
  name: BaselineName,
  config: JobConfig,
  data: JobData,
  options: TrainOptions,
): Promise<JobResult> {
  const started = performance.now();
  const classifier = makers[name](config);
  const { parameters } = classifier;
  const summary = `${name}: ${meanings[name]}, ${parameters.toLocaleString("en")} parameters`;
  options.emit({ kind: "begin", adapter: "CPU", summary });
  const figures = await trainAndEvaluate(new BaselineModel(classifier), config, data, options);
  return { adapter: "CPU", parameters, ...figures, seconds: (performance.now() - started) / 1000 };
}

/** A classifier behind the calls that the job makes. */
class BaselineModel implements JobModel {
  readonly #classifier: TextClassifier;

  constructor(classifier: TextClassifier) {
    this.#classifier = classifier;
  }

  async fit(...[x, y, options]: Parameters<JobModel["fit"]>): Promise<void> {
    const { epochs, validationSplit, signal, callbacks } = options;
    const [progress] = callbacks;
    const rows = rowsOf(x, y);
    // Keras's arithmetic: the training part is rounded down.
    const split = Math.floor(rows.y.length * (1 - validationSplit));
    const validation = part(rows, split);
    const passes = this.#classifier.train(part(rows, 0, split), epochs);
    for (let epoch = 0; epoch < epochs; epoch++) {
      signal?.throwIfAborted();
      progress.onEpochBegin(epoch);
      // A pass blocks the thread: Ctrl-C is heard between two.
      await new Promise((resolve) => setTimeout(resolve));
      const { value } = passes.next();
      const logs = validation.y.length > 0 ? named(this.#classifier.score(validation)) : {};
      progress.onEpochEnd(epoch, { ...value, ...logs });
    }
  }

  evaluate(x: LabelledReviews["x"], y: ArrayLike<number>): Promise<Record<string, number>> {
    return Promise.resolve({ ...this.#classifier.score(rowsOf(x, y)) });
  }
}

const named = ({ loss, acc }: Scores): Record<string, number> => ({ val_loss: loss, val_acc: acc });

function rowsOf({ data, shape: [rows, steps] }: LabelledReviews["x"], y: ArrayLike<number>) {
  const x = Array.from({ length: rows }, (_, row) => data.subarray(row * steps, (row + 1) * steps));
  return { x, y: Array.from(y) };
}

function part({ x, y }: ReturnType<typeof rowsOf>, from: number, to?: number): LabelledRows {
  return { x: x.slice(from, to), y: y.slice(from, to) };
}
