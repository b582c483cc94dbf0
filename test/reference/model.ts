import type { LayerDescription, LossDescription, OptimizerDescription } from "../support/layers";
import { runDense, runEmbedding, runSimpleRnn } from "./layers";
import type { Flow, Tape } from "./layers";
import {
  binaryAccuracy,
  binaryCrossentropy,
  meanSquaredError,
  sparseCategoricalAccuracy,
  sparseCategoricalCrossentropy,
} from "./loss";
import type { LossResult } from "./loss";
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
}

export interface LossAndGradients {
  readonly loss: number;
  readonly accuracy: number;
  /** In `getWeights()` order. */
  readonly gradients: Float64Array[];
}

/**
 * A sequential net of Embedding, SimpleRNN and Dense layers in float64: the twin of the engine.
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
    return lastTape(this.#run(tokens, rows)).output.data;
  }

  /** The last dense layer's output before its activation. */
  logits(tokens: ArrayLike<number>, rows: number): Float64Array {
    return headLogits(lastTape(this.#run(tokens, rows)));
  }

  /** The mean loss and the accuracy, nothing changed. */
  evaluate(batch: Batch): { loss: number; accuracy: number } {
    const head = lastTape(this.#run(batch.tokens, batch.rows));
    return { loss: this.#headLoss(head, batch).loss, accuracy: this.#accuracy(head.output, batch) };
  }

  /** The mean loss and its derivative by every weight, nothing changed. */
  lossAndGradients(batch: Batch): LossAndGradients {
    const tapes = this.#run(batch.tokens, batch.rows);
    const head = lastTape(tapes);
    const { loss, gradient } = this.#headLoss(head, batch);
    const byLogits = this.#loss.name !== "meanSquaredError";
    const gradients: Float64Array[] = [];
    let dOutput = gradient;
    for (const tape of [...tapes].reverse()) {
      const { dInput, dWeights } = tape.backward(dOutput, byLogits && tape === head);
      gradients.unshift(...dWeights);
      dOutput = dInput;
    }
    return { loss, accuracy: this.#accuracy(head.output, batch), gradients };
  }

  /** One step of the optimizer; loss and accuracy are those before it. */
  trainOnBatch(batch: Batch): { loss: number; accuracy: number } {
    const { loss, accuracy, gradients } = this.lossAndGradients(batch);
    this.optimizer.step(this.weights, gradients);
    return { loss, accuracy };
  }

  #run(tokens: ArrayLike<number>, rows: number): Tape[] {
    const tapes: Tape[] = [];
    let used = 0;
    for (const layer of this.#layers) {
      const count = weightCount(layer);
      const weights = this.weights.slice(used, used + count);
      used += count;
      const input: Flow | undefined = tapes.at(-1)?.output;
      tapes.push(runLayer(layer, weights, input, tokens, rows));
    }
    return tapes;
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
      case "meanSquaredError":
        return meanSquaredError(head.output.data, labels, width, weighting);
    }
  }

  #accuracy({ data, width, mask }: Flow, { labels }: Batch): number {
    return this.#loss.name === "sparseCategoricalCrossentropy"
      ? sparseCategoricalAccuracy(data, labels, width, mask)
      : binaryAccuracy(data, labels, mask);
  }
}

/** The number of arrays a layer has in `getWeights()`. */
function weightCount(layer: LayerDescription): number {
  switch (layer.type) {
    case "embedding":
      return 1;
    case "simpleRNN":
      return layer.useBias ? 3 : 2;
    case "dense":
      return layer.useBias ? 2 : 1;
    default:
      throw new Error(`reference: no twin for layer ${layer.type} yet`);
  }
}

function runLayer(
  layer: LayerDescription,
  weights: readonly Float64Array[],
  input: Flow | undefined,
  tokens: ArrayLike<number>,
  rows: number,
): Tape {
  if (layer.type === "embedding") return runEmbedding(layer, weights, tokens, rows);
  if (input === undefined) throw new Error("reference: the first layer must be an embedding");
  if (layer.type === "dense") return runDense(layer, weights, input);
  if (layer.type === "simpleRNN") return runSimpleRnn(layer, weights, input);
  throw new Error(`reference: no twin for layer ${layer.type} yet`);
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

/** Sample weights repeated for each of a row's steps. */
function perPrediction({ sampleWeights, rows }: Batch, { steps }: Flow): Float64Array | undefined {
  if (sampleWeights === undefined) return undefined;
  return Float64Array.from({ length: rows * steps }, (_, n) => sampleWeights[Math.floor(n / steps)]);
}
