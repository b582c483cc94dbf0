import { sigmoid, softmax } from "./activation";

/** What weighs the rows of a loss: each row is one prediction (a sample, or a time step of one). */
export interface RowWeights {
  /** [N]: sample or class weights; the sum is still divided by N. */
  readonly weights?: ArrayLike<number>;
  /** [N]: rows with 0 count neither above nor below the fraction bar. */
  readonly mask?: ArrayLike<number>;
}

/** A mean loss and its derivative by what it was computed from. */
export interface LossResult {
  readonly loss: number;
  readonly gradient: Float64Array;
}

/**
 * Keras's reduction: Σ w·m·l / N, where the mask m is scaled by N / (number of valid rows).
 *
 * @returns per row, the factor of its loss in the mean
 */
export function rowFactors(rows: number, { weights, mask }: RowWeights = {}): Float64Array {
  let valid = rows;
  if (mask) {
    valid = 0;
    for (let n = 0; n < rows; n++) valid += mask[n] === 0 ? 0 : 1;
  }
  return Float64Array.from({ length: rows }, (_, n) => {
    const isValid = mask?.[n] !== 0;
    return isValid ? (weights ? weights[n] : 1) / valid : 0;
  });
}

/**
 * Mean of max(z,0) - z·y + log(1 + exp(-|z|)); the derivative by z is sigmoid(z) - y.
 *
 * @param logits [N]
 * @param labels [N], in [0, 1]
 */
export function binaryCrossentropy(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  weighting: RowWeights = {},
): LossResult {
  const factors = rowFactors(logits.length, weighting);
  const gradient = new Float64Array(logits.length);
  let loss = 0;
  for (let n = 0; n < logits.length; n++) {
    const [z, y] = [logits[n], labels[n]];
    loss += factors[n] * (Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z))));
    gradient[n] = factors[n] * (sigmoid(z) - y);
  }
  return { loss, gradient };
}

/**
 * Mean of -log softmax(z)[label]; the derivative by z is softmax(z) - onehot(label).
 *
 * @param logits [N][C]
 * @param labels [N], whole numbers in [0, C)
 */
export function sparseCategoricalCrossentropy(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  weighting: RowWeights = {},
): LossResult {
  const rows = labels.length;
  const factors = rowFactors(rows, weighting);
  const gradient = softmax(logits, classes);
  let loss = 0;
  for (let n = 0; n < rows; n++) {
    const row = Array.from({ length: classes }, (_, c) => logits[n * classes + c]);
    const largest = Math.max(...row);
    const logSum = largest + Math.log(row.reduce((sum, z) => sum + Math.exp(z - largest), 0));
    loss += factors[n] * (logSum - row[labels[n]]);
    gradient[n * classes + labels[n]] -= 1;
    for (let c = 0; c < classes; c++) gradient[n * classes + c] *= factors[n];
  }
  return { loss, gradient };
}

/**
 * Mean of -Σ y·log softmax(z); the derivative by z is softmax(z)·Σy - y.
 *
 * @param logits [N][C]
 * @param labels [N][C], in [0, 1]
 */
export function categoricalCrossentropy(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  weighting: RowWeights = {},
): LossResult {
  const factors = rowFactors(labels.length / classes, weighting);
  const gradient = softmax(logits, classes);
  let loss = 0;
  factors.forEach((factor, n) => {
    const at = Array.from({ length: classes }, (_, c) => n * classes + c);
    const largest = Math.max(...at.map((i) => logits[i]));
    const logSum = largest + Math.log(at.reduce((sum, i) => sum + Math.exp(logits[i] - largest), 0));
    const mass = at.reduce((sum, i) => sum + labels[i], 0);
    for (const i of at) {
      loss += factor * labels[i] * (logSum - logits[i]);
      gradient[i] = factor * (mass * gradient[i] - labels[i]);
    }
  });
  return { loss, gradient };
}

/** Mean over rows of the mean over the row of |output - target|; [N][W] both. */
export function meanAbsoluteError(
  outputs: ArrayLike<number>,
  targets: ArrayLike<number>,
  width: number,
  weighting: RowWeights = {},
): LossResult {
  const factors = rowFactors(outputs.length / width, weighting);
  let loss = 0;
  const gradient = Float64Array.from(outputs, (output, i) => {
    const factor = factors[Math.floor(i / width)] / width;
    loss += factor * Math.abs(output - targets[i]);
    return factor * Math.sign(output - targets[i]);
  });
  return { loss, gradient };
}

/**
 * Mean over rows of the mean over the row of (output - target)².
 *
 * @param outputs [N][W]
 * @param targets [N][W]
 */
export function meanSquaredError(
  outputs: ArrayLike<number>,
  targets: ArrayLike<number>,
  width: number,
  weighting: RowWeights = {},
): LossResult {
  const factors = rowFactors(outputs.length / width, weighting);
  const gradient = new Float64Array(outputs.length);
  let loss = 0;
  for (let i = 0; i < outputs.length; i++) {
    const factor = factors[Math.floor(i / width)] / width;
    const difference = outputs[i] - targets[i];
    loss += factor * difference * difference;
    gradient[i] = factor * 2 * difference;
  }
  return { loss, gradient };
}

/** The share of valid rows whose largest output stands where their largest label does, the first among equals. */
export function categoricalAccuracy(
  outputs: ArrayLike<number>,
  labels: ArrayLike<number>,
  width: number,
  mask?: ArrayLike<number>,
): number {
  const classes = Array.from({ length: labels.length / width }, (_, n) => {
    const row = Array.from({ length: width }, (_, c) => labels[n * width + c]);
    return row.indexOf(Math.max(...row));
  });
  return sparseCategoricalAccuracy(outputs, classes, width, mask);
}

/** The share of valid rows whose output > 0.5 (strictly) equals the label. */
export function binaryAccuracy(
  outputs: ArrayLike<number>,
  labels: ArrayLike<number>,
  mask?: ArrayLike<number>,
): number {
  return shareOfValid(outputs.length, mask, (n) => (outputs[n] > 0.5 ? 1 : 0) === labels[n]);
}

/** The share of valid rows whose largest output, the first among equals, stands at the label. */
export function sparseCategoricalAccuracy(
  outputs: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  mask?: ArrayLike<number>,
): number {
  return shareOfValid(labels.length, mask, (n) => {
    let best = 0;
    for (let c = 1; c < classes; c++) {
      if (outputs[n * classes + c] > outputs[n * classes + best]) best = c;
    }
    return best === labels[n];
  });
}

function shareOfValid(
  rows: number,
  mask: ArrayLike<number> | undefined,
  isHit: (row: number) => boolean,
): number {
  let [hits, valid] = [0, 0];
  for (let n = 0; n < rows; n++) {
    if (mask?.[n] === 0) continue;
    valid++;
    if (isHit(n)) hits++;
  }
  return hits / valid;
}
