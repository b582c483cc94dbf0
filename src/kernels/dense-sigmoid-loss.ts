import { reads, uniform, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { kernel, type SizedKernel } from "./shared/frame";
import { binaryCrossentropyFromLogit } from "./shared/loss";
import { sumOverLanes } from "./shared/reduce";

const lanes = 64;

export interface DenseSigmoidLossOptions {
  /** Columns U of the state. */
  units: number;
  useBias: boolean;
  /** Number of the first sample's segment. */
  first: number;
  /** Also compute the gradients. */
  train: boolean;
  /** The layer's output is the logit itself (`fromLogits`), not its sigmoid. */
  linear: boolean;
}

/**
 * The head of a binary classifier in one dispatch: dense layer with one unit on the last state, binary
 * cross-entropy from the logit, the count of right answers, and all of their gradients.
 *
 *     z_b = h_last(b)·kernel + bias,      p_b = 1 / (1 + exp(-z_b))
 *     loss = Σ_b weight_b·(max(z_b, 0) - z_b·y_b + log(1 + exp(-|z_b|)))
 *     dz_b = weight_b·(p_b - y_b)
 *     dLast_b = dz_b·kernelᵀ,   dKernel = Σ_b dz_b·h_last(b),   dBias = Σ_b dz_b
 *
 *     segments  [S]       the last state of sample b is row `row + steps` of its segment
 *     h         [N, U]
 *     kernel    [U, 1]    uniform
 *     bias      [1]       uniform
 *     labels    [B]
 *     weights   [B]       (weight in the loss, weight in the count)
 *     metrics   [·]       out: element `step.metric` = (loss, right answers, answers, 0)
 *     outputs   [B]       out, when not training: p_b (or z_b where `linear`)
 *     dLast     [B, U]    out, when training, as all below
 *     dKernel   [U, 1]
 *     dBias     [1]
 *
 * One workgroup takes the samples in blocks of 64, a lane per sample; for the kernel's gradient it turns
 * round and takes a lane per unit.
 */
export function denseSigmoidLoss(options: DenseSigmoidLossOptions): SizedKernel {
  const { units: U, useBias, first, train, linear } = options;
  const perLane = Math.ceil(U / lanes);
  const main = wgsl`
  var sums = vec4f();
  #if ${train}
  var dKernelOf: array<f32, ${perLane}>;
  #endif
  for (var block = 0u; block < step.samples; block += ${lanes}u) {
    let b = block + lane;
    if (b < step.samples) {
      let segment = segments[b + ${first}u];
      let row = segment.row + segment.steps;
      #if ${useBias}
      var z = bias[0].x;
      #else
      var z = 0.0;
      #endif
      for (var k = 0u; k < ${U}u; k++) { z += h[row * ${U}u + k] * kernel[k / 4u][k % 4u]; }
      let y = labels[b];
      let p = sigmoid(z);
      #if ${linear}
      let output = z;
      #else
      let output = p;
      #endif
      let right = select(0.0, 1.0, select(0.0, 1.0, output > 0.5) == y);
      let weight = weights[b];
      sums += vec4f(weight.x * binaryCrossentropyFromLogit(z, y), weight.y * right, weight.y, weight.x * (p - y));
      #if ${train}
      dz[lane] = weight.x * (p - y);
      lastRow[lane] = row;
      for (var k = 0u; k < ${U}u; k++) { dLast[b * ${U}u + k] = dz[lane] * kernel[k / 4u][k % 4u]; }
      #else
      outputs[b] = output;
      #endif
    }
    #if ${train}
    // The block's dz must be there before the lanes turn from samples to units.
    workgroupBarrier();
    let samples = min(${lanes}u, step.samples - block);
    for (var own = 0u; own < ${perLane}u; own++) {
      let k = min(lane + own * ${lanes}u, ${U - 1}u);
      for (var s = 0u; s < samples; s++) { dKernelOf[own] += dz[s] * h[lastRow[s] * ${U}u + k]; }
    }
    // All units must have read the block's dz before the next block overwrites it.
    workgroupBarrier();
    #endif
  }
  sums = sumOverLanes(lane, sums);
  if (lane == 0u) {
    metrics[step.metric] = vec4f(sums.xyz, 0.0);
    #if ${train && useBias}
    dBias[0] = sums.w;
    #endif
  }
  #if ${train}
  for (var own = 0u; own < ${perLane}u; own++) {
    let k = lane + own * ${lanes}u;
    if (k < ${U}u) { dKernel[k] = dKernelOf[own]; }
  }
  #endif`;
  return kernel({
    name: "denseSigmoidLoss",
    constants: { ...options },
    bindings: {
      h: reads(),
      kernel: uniform(`array<vec4f, ${Math.ceil(U / 4)}>`),
      bias: uniform("array<vec4f, 1>"),
      metrics: writes("array<vec4f>"),
      outputs: writes(),
      dLast: writes(),
      dKernel: writes(),
      dBias: writes(),
    },
    grid: () => [1],
    workgroupSize: lanes,
    declarations: [
      binaryCrossentropyFromLogit,
      sumOverLanes(lanes),
      `var<workgroup> dz: array<f32, ${lanes}>;`,
      `var<workgroup> lastRow: array<u32, ${lanes}>;`,
    ],
    main,
  });
}
