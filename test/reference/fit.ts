import type { Batch, Figures, ReferenceModel } from "./model";

/** What `fitReference` and `evaluateReference` take. */
export interface Dataset {
  readonly tokens: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
  readonly rows: number;
  /** One per row, also of those kept for validation; multiplies the loss, not the accuracy. */
  readonly sampleWeights?: ArrayLike<number>;
}

export interface FitOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly validationSplit: number;
  /** By label; multiplies the loss, not the accuracy. */
  readonly classWeight?: Readonly<Record<string, number>>;
}

/**
 * Keras's `fit` without shuffling: batches in order, the last one smaller, an epoch's loss weighted by batch size
 * and its accuracy by the predictions that count, the last rows kept for validation.
 *
 * @returns loss and acc by epoch, with val_loss and val_acc where there is a validation part
 */
export function fitReference(
  model: ReferenceModel,
  data: Dataset,
  { epochs, batchSize, validationSplit, classWeight }: FitOptions,
): Record<string, number[]> {
  const trainRows = Math.floor(data.rows * (1 - validationSplit));
  const train = slice(data, 0, trainRows);
  const validation = slice(data, trainRows, data.rows);
  const history: Record<string, number[]> = { loss: [], acc: [] };
  for (let epoch = 0; epoch < epochs; epoch++) {
    const { loss, acc } = weightedMean(train, batchSize, (batch) =>
      model.trainOnBatch({ ...batch, ...weightsOf(batch, classWeight) }),
    );
    history.loss.push(loss);
    history.acc.push(acc);
    if (validation.rows === 0) continue;
    const validated = evaluateReference(model, validation, batchSize);
    (history.val_loss ??= []).push(validated.loss);
    (history.val_acc ??= []).push(validated.acc);
  }
  return history;
}

/** Loss and accuracy over all rows, batch by batch. */
export function evaluateReference(
  model: ReferenceModel,
  data: Dataset,
  batchSize: number,
): { loss: number; acc: number } {
  return weightedMean(data, batchSize, (batch) => model.evaluate(batch));
}

function weightedMean(
  data: Dataset,
  batchSize: number,
  run: (batch: Batch) => Figures,
): { loss: number; acc: number } {
  let [loss, right, predictions] = [0, 0, 0];
  for (let begin = 0; begin < data.rows; begin += batchSize) {
    const batch = slice(data, begin, Math.min(begin + batchSize, data.rows));
    const result = run(batch);
    loss += (result.loss * batch.rows) / data.rows;
    right += result.accuracy * result.predictions;
    predictions += result.predictions;
  }
  return { loss, acc: right / predictions };
}

function slice({ tokens, labels, rows, sampleWeights }: Dataset, begin: number, end: number): Dataset {
  const part = (values: ArrayLike<number>): number[] => {
    const width = values.length / rows;
    return Array.from({ length: (end - begin) * width }, (_, i) => values[begin * width + i]);
  };
  return {
    tokens: part(tokens),
    labels: part(labels),
    rows: end - begin,
    ...(sampleWeights ? { sampleWeights: part(sampleWeights) } : {}),
  };
}

function weightsOf(
  { labels }: Batch,
  classWeight: Readonly<Record<string, number>> | undefined,
): { sampleWeights?: number[] } {
  if (classWeight === undefined) return {};
  return { sampleWeights: Array.from(labels, (label) => classWeight[String(label)] ?? 1) };
}
