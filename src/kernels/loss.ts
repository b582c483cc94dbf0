import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { elementKernel, type SizedKernel } from "./shared/frame";
import { binaryCrossentropyFromLogit } from "./shared/loss";

/** The smallest probability that Keras lets into a logarithm. */
const epsilon = "1e-7f";

export interface LossOptions {
  kind:
    | "binaryCrossentropy"
    | "sparseCategoricalCrossentropy"
    | "categoricalCrossentropy"
    | "meanSquaredError"
    | "meanAbsoluteError";
  /** What `z` holds: the last layer's sums, or its activation's values where the loss takes those. */
  from: "logits" | "outputs";
  /** Columns C of the output. */
  width: number;
  /** Accuracy compares the logit, not the probability, with 0.5 (`fromLogits`). */
  linear: boolean;
}

/**
 * Loss, right answers and derivative, row by row.
 *
 *     binaryCrossentropy:  mean_c (max(z,0) - z·y + log(1 + exp(-|z|))),   dz = (sigmoid(z) - y) / C
 *                          from outputs: z clipped to [ε, 1 - ε], -(y·log z + (1-y)·log(1-z))
 *     sparseCategorical-   log Σ_c exp(z_c) - z_y,                         dz = softmax(z) - onehot(y)
 *     Crossentropy:        from outputs: -log of z_y / Σ_c z_c, clipped to [ε, 1 - ε]
 *     categorical-         Σ_c y_c·(log Σ_k exp(z_k) - z_c),               dz = softmax(z)·Σ_c y_c - y
 *     Crossentropy:        from outputs: -Σ_c y_c·log of z_c / Σ_k z_k, clipped to [ε, 1 - ε]
 *     meanSquaredError:    mean_c (z - y)²,                                dz = 2 (z - y) / C
 *     meanAbsoluteError:   mean_c |z - y|,                                 dz = sign(z - y) / C
 *
 * The answer is right where Keras's accuracy counts it: a single column above 0.5 where its label is 1, and not where
 * it is 0; the largest of several columns, the first among equals, where the label's largest stands.
 *
 *     z           [O, C]  the last layer's sums, or outputs
 *     labels      [O, C]  ([O], the class's number, for the sparse loss)
 *     weights     [O]     (weight in the loss, weight in the count)
 *     rowMetrics  [O]     out: weighted (loss, right answers, answers, 0)
 *     dz          [O, C]  out: weighted derivative by z
 *
 * An invocation per row.
 */
export function loss(options: LossOptions): SizedKernel {
  const { kind, from, width: C, linear } = options;
  const logits = from === "logits";
  const answer = `select(0.0, 1.0, select(0.0, 1.0, ${logits && !linear ? "sigmoid(x)" : "x"} > 0.5) == y)`;
  const perColumn = (value: string, slope: string): string => `
  var largest = 0u;
  var largestLabel = 0u;
  for (var c = 0u; c < ${C}u; c++) {
    let x = z[base + c];
    let y = labels[base + c];
    value += ${value} / ${C}.0;
    if (x > z[base + largest]) { largest = c; }
    if (y > labels[base + largestLabel]) { largestLabel = c; }
    dz[base + c] = weight.x * ${slope} / ${C}.0;
  }
  ${C === 1 ? `let x = z[base];\n  let y = labels[base];\n  right = ${answer};` : "right = select(0.0, 1.0, largest == largestLabel);"}`;
  const clipped = `clamp(x, ${epsilon}, 1.0 - ${epsilon})`;
  const inside = `select(0.0, 1.0, x >= ${epsilon} && x <= 1.0 - ${epsilon})`;
  const bodies: Record<LossOptions["kind"], string> = {
    binaryCrossentropy: logits
      ? perColumn("binaryCrossentropyFromLogit(x, y)", "(sigmoid(x) - y)")
      : perColumn(
          `-(y * log(${clipped}) + (1.0 - y) * log(1.0 - ${clipped}))`,
          `${inside} * (${clipped} - y) / (${clipped} * (1.0 - ${clipped}))`,
        ),
    meanSquaredError: perColumn("(x - y) * (x - y)", "2.0 * (x - y)"),
    meanAbsoluteError: perColumn("abs(x - y)", "sign(x - y)"),
    categoricalCrossentropy: `
  var largest = 0u;
  var largestLabel = 0u;
  var mass = 0.0;
  for (var c = 0u; c < ${C}u; c++) {
    if (z[base + c] > z[base + largest]) { largest = c; }
    if (labels[base + c] > labels[base + largestLabel]) { largestLabel = c; }
    mass += labels[base + c];
  }
  right = select(0.0, 1.0, largest == largestLabel);
  var total = 0.0;
  ${
    logits
      ? `
  let above = z[base + largest];
  for (var c = 0u; c < ${C}u; c++) { total += exp(z[base + c] - above); }
  for (var c = 0u; c < ${C}u; c++) {
    let y = labels[base + c];
    value += y * (log(total) + above - z[base + c]);
    dz[base + c] = weight.x * (mass * exp(z[base + c] - above) / total - y);
  }`
      : `
  for (var c = 0u; c < ${C}u; c++) { total += z[base + c]; }
  mass = 0.0;
  for (var c = 0u; c < ${C}u; c++) {
    let x = z[base + c] / total;
    value -= labels[base + c] * log(${clipped});
    mass += labels[base + c] * ${inside};
  }
  for (var c = 0u; c < ${C}u; c++) {
    let x = z[base + c] / total;
    dz[base + c] = weight.x * (mass / total - ${inside} * labels[base + c] / z[base + c]);
  }`
  }`,
    sparseCategoricalCrossentropy: `
  let label = u32(labels[row]);
  var largest = z[base];
  var best = 0u;
  for (var c = 1u; c < ${C}u; c++) {
    if (z[base + c] > largest) { largest = z[base + c]; best = c; }
  }
  right = select(0.0, 1.0, best == label);
  var total = 0.0;
  ${
    logits
      ? `
  for (var c = 0u; c < ${C}u; c++) { total += exp(z[base + c] - largest); }
  value = log(total) + largest - z[base + label];
  for (var c = 0u; c < ${C}u; c++) {
    dz[base + c] = weight.x * (exp(z[base + c] - largest) / total - select(0.0, 1.0, c == label));
  }`
      : `
  for (var c = 0u; c < ${C}u; c++) { total += z[base + c]; }
  let x = z[base + label] / total;
  value = -log(${clipped});
  for (var c = 0u; c < ${C}u; c++) {
    dz[base + c] = weight.x * ${inside} * (1.0 / total - select(0.0, 1.0 / z[base + label], c == label));
  }`
  }`,
  };

  return elementKernel({
    name: "loss",
    constants: { ...options },
    rows: "outputs",
    bindings: {
      z: reads(),
      rowMetrics: writes("array<vec4f>"),
      dz: writes(),
    },
    declarations: [binaryCrossentropyFromLogit],
    main: wgsl`
  let base = row * ${C}u;
  let weight = weights[row];
  var value = 0.0;
  var right = 0.0;
  ${bodies[kind]}
  rowMetrics[row] = vec4f(weight.x * value, weight.y * right, weight.y, 0.0);`,
  });
}
