import type { LayerDescription, LossDescription, OptimizerDescription } from "../support/layers";
import { runEmbedding, runLayer, weightCount } from "./layers";
import type { DropPlan, Flow, LastStates, Tape } from "./layers";
import {
  binaryAccuracy,
  binaryCrossentropy,
  categoricalAccuracy,
  categoricalCrossentropy,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalAccuracy,
  sparseCategoricalCrossentropy,
} from "./loss";
import type { LossResult } from "./loss";
import { regularizersOf, weightPenalty } from "./regularization";
import { referenceOptimizer } from "./optimizer";
import type { ReferenceOptimizer } from "./optimizer";

/** How a reference model is trained. */
export interface Compilation {
  readonly optimizer: OptimizerDescription;
  readonly loss: LossDescription;
}

/** Rows of token ids, [rows][steps]. */
export interface Batch {
  readonly tokens: ArrayLike<number>;
  readonly rows: number;
  /** One per prediction: [rows], or [rows][steps] where the net returns sequences. */
  readonly labels: ArrayLike<number>;
  /** [rows]: multiplies the loss of a row, and of all its steps. */
  readonly sampleWeights?: ArrayLike<number>;
  /** What each layer that drops multiplies by in training; nothing is dropped where absent. */
  readonly drop?: DropPlan;
}

/** Of a batch. */
export interface Figures {
  readonly loss: number;
  readonly accuracy: number;
  /** Predictions that the accuracy is over: those that no mask leaves out. */
  readonly predictions: number;
}

export interface LossAndGradients extends Figures {
  /** In `getWeights()` order. */
  readonly gradients: Float64Array[];
}

/**
 * A sequential net in float64: the twin of the engine. Stateful layers go on, batch by batch, from where
 * `predict`, `evaluate` and `trainOnBatch` left them.
 *
 * @example
 * const twin = new ReferenceModel(golden.layers, golden.init.map((w) => w.data), golden);
 * const { loss, accuracy } = twin.trainOnBatch({ tokens, rows: 4, labels });
 */
export class ReferenceModel {
  /** In `getWeights()` order; trained in place. */
  readonly weights: Float64Array[];
  readonly optimizer: ReferenceOptimizer;
  readonly #layers: readonly LayerDescription[];
  readonly #loss: LossDescription;
  /** Of stateful layers, by name. */
  readonly #lastStates = new Map<string, readonly LastStates[]>();

  constructor(
    layers: readonly LayerDescription[],
    weights: readonly ArrayLike<number>[],
    { optimizer, loss }: Compilation,
  ) {
    this.#layers = layers;
    this.#loss = loss;
    this.weights = weights.map((weight) => Float64Array.from(weight));
    const sizes = this.weights.map((weight) => weight.length);
    this.optimizer = referenceOptimizer(optimizer, sizes);
  }

  /** The outputs of all layers in turn; the last is the prediction. */
  activations(tokens: ArrayLike<number>, rows: number): Float64Array[] {
    return this.#run(tokens, rows).map((tape) => tape.output.data);
  }

  /** The output of the last layer. */
  predict(tokens: ArrayLike<number>, rows: number): Float64Array {
    return lastTape(this.#keepStates(this.#run(tokens, rows))).output.data;
  }

  /** The last dense layer's output before its activation. */
  logits(tokens: ArrayLike<number>, rows: number): Float64Array {
    return headLogits(lastTape(this.#run(tokens, rows)));
  }

  /** The mean loss and the accuracy, without dropping. */
  evaluate(batch: Batch): Figures {
    const head = lastTape(this.#keepStates(this.#run(batch.tokens, batch.rows)));
    return {
      loss: this.#headLoss(head, batch).loss + this.#penalties().loss,
      accuracy: this.#accuracy(head.output, batch),
      predictions: predictionsOf(head.output),
    };
  }

  /** The mean loss and its derivative by every weight, nothing changed. */
  lossAndGradients(batch: Batch): LossAndGradients {
    return this.#differentiate(this.#run(batch.tokens, batch.rows, batch.drop), batch);
  }

  /** One step of the optimizer; loss and accuracy are those before it. */
  trainOnBatch(batch: Batch): Figures {
    const tapes = this.#keepStates(this.#run(batch.tokens, batch.rows, batch.drop));
    const { gradients, ...figures } = this.#differentiate(tapes, batch);
    this.optimizer.step(this.weights, gradients);
    return figures;
  }

  /** Where each row ends, [rows][units] of all recurrent layers in turn: h, and c of an LSTM; forward before backward. */
  lastStates(tokens: ArrayLike<number>, rows: number): Float64Array[] {
    return this.#run(tokens, rows).flatMap(({ lastStates = [] }, i) => {
      const layer = this.#layers[i];
      const { type } = layer.type === "bidirectional" ? layer.layer : layer;
      return lastStates.flatMap(({ h, c }) => (type === "lstm" ? [h, c] : [h]));
    });
  }

  /** Lets a stateful layer begin elsewhere. */
  beginAt(layer: string, states: readonly LastStates[]): void {
    this.#lastStates.set(layer, states);
  }

  /** Lets stateful layers begin at zero again. */
  resetStates(): void {
    this.#lastStates.clear();
  }

  #run(tokens: ArrayLike<number>, rows: number, drop?: DropPlan): Tape[] {
    const tapes: Tape[] = [];
    let used = 0;
    for (const layer of this.#layers) {
      const count = weightCount(layer);
      const weights = this.weights.slice(used, used + count);
      used += count;
      const input: Flow | undefined = tapes.at(-1)?.output;
      if (layer.type === "embedding") {
        tapes.push(runEmbedding(layer, weights, tokens, rows));
      } else {
        if (input === undefined) throw new Error("reference: the first layer must be an embedding");
        const initial = this.#lastStates.get(layer.name);
        tapes.push(runLayer(layer, weights, input, { drop, initial }));
      }
    }
    return tapes;
  }

  #keepStates(tapes: Tape[]): Tape[] {
    this.#layers.forEach((layer, i) => {
      const { lastStates } = tapes[i];
      if (lastStates && isStateful(layer)) this.#lastStates.set(layer.name, lastStates);
    });
    return tapes;
  }

  #differentiate(tapes: readonly Tape[], batch: Batch): LossAndGradients {
    const head = lastTape(tapes);
    const { loss, gradient } = this.#headLoss(head, batch);
    const byLogits = this.#loss.name.endsWith("Crossentropy");
    const gradients: Float64Array[] = [];
    let dOutput = gradient;
    for (const tape of [...tapes].reverse()) {
      const { dInput, dWeights } = tape.backward(dOutput, byLogits && tape === head);
      gradients.unshift(...dWeights);
      dOutput = dInput;
    }
    const penalties = this.#penalties(gradients);
    return {
      loss: loss + penalties.loss,
      accuracy: this.#accuracy(head.output, batch),
      predictions: predictionsOf(head.output),
      gradients,
    };
  }

  /** What the weights add to the loss; their derivatives are added to `gradients`. */
  #penalties(gradients?: readonly Float64Array[]): { loss: number } {
    let loss = 0;
    this.#layers.flatMap(regularizersOf).forEach((regularizer, i) => {
      if (!regularizer) return;
      const penalty = weightPenalty(this.weights[i], regularizer);
      loss += penalty.loss;
      penalty.gradient.forEach((d, at) => {
        if (gradients) gradients[i][at] += d;
      });
    });
    return { loss };
  }

  #headLoss(head: Tape, batch: Batch): LossResult {
    const { width, mask } = head.output;
    const labels = batch.labels;
    const weighting = { weights: perPrediction(batch, head.output), mask };
    switch (this.#loss.name) {
      case "binaryCrossentropy":
        return binaryCrossentropy(headLogits(head), labels, weighting);
      case "sparseCategoricalCrossentropy":
        return sparseCategoricalCrossentropy(headLogits(head), labels, width, weighting);
      case "categoricalCrossentropy":
        return categoricalCrossentropy(headLogits(head), labels, width, weighting);
      case "meanAbsoluteError":
        return meanAbsoluteError(head.output.data, labels, width, weighting);
      case "meanSquaredError":
        return meanSquaredError(head.output.data, labels, width, weighting);
    }
  }

  #accuracy({ data, width, mask }: Flow, { labels }: Batch): number {
    if (this.#loss.name === "sparseCategoricalCrossentropy") {
      return sparseCategoricalAccuracy(data, labels, width, mask);
    }
    return width > 1 ? categoricalAccuracy(data, labels, width, mask) : binaryAccuracy(data, labels, mask);
  }
}

function isStateful(layer: LayerDescription): boolean {
  const recurrent = layer.type === "bidirectional" ? layer.layer : layer;
  return "stateful" in recurrent && recurrent.stateful === true;
}

function lastTape(tapes: readonly Tape[]): Tape {
  const last = tapes.at(-1);
  if (last === undefined) throw new Error("reference: a model needs a layer");
  return last;
}

function headLogits(head: Tape): Float64Array {
  if (head.logits === undefined) throw new Error("reference: this loss needs a dense layer at the end");
  return head.logits;
}

function predictionsOf({ batch, steps, mask }: Flow): number {
  return mask ? Array.from(mask).filter((one) => one !== 0).length : batch * steps;
}

/** Sample weights repeated for each of a row's steps. */
function perPrediction({ sampleWeights, rows }: Batch, { steps }: Flow): Float64Array | undefined {
  if (sampleWeights === undefined) return undefined;
  return Float64Array.from({ length: rows * steps }, (_, n) => sampleWeights[Math.floor(n / steps)]);
}
