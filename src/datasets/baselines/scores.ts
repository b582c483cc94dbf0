/** Mean cross-entropy, and share of right answers. */
export interface Scores {
  loss: number;
  acc: number;
}

/** Reviews with a label for each: 1 praise, 0 blame. */
export interface LabelledRows {
  x: ArrayLike<ArrayLike<number>>;
  y: ArrayLike<number>;
}

/** A classifier on the CPU that trains pass by pass. */
export interface TextClassifier {
  /** Number of weights. */
  readonly parameters: number;
  /** Trains for `epochs` passes; yields after each the means over it, taken while the weights changed. */
  train(rows: LabelledRows, epochs: number): Generator<Scores, void, undefined>;
  score(rows: LabelledRows): Scores;
}

/** Adds up the scores of logits. */
export class ScoreSum {
  #loss = 0;
  #right = 0;
  #count = 0;

  /** Cross-entropy in the form that does not overflow. */
  add(logit: number, label: number): void {
    if (logit > 0 === label > 0.5) this.#right++;
    this.#loss += Math.max(logit, 0) - logit * label + Math.log1p(Math.exp(-Math.abs(logit)));
    this.#count++;
  }

  means(): Scores {
    return { acc: this.#right / this.#count, loss: this.#loss / this.#count };
  }
}

/** The derivative of the cross-entropy by the logit. */
export function slopeOf(logit: number, label: number): number {
  return 1 / (1 + Math.exp(-logit)) - label;
}
