import {
  narrowLanes,
  narrowWeightGradientFits,
  partialLength,
  sumPartials,
  weightGradient,
  weightGradientNarrow,
  type PartialsTarget,
  type ScanForm,
  type StepValues,
  type WeightGradientOptions,
} from "../../kernels";
import type { Program } from "../../runtime/program";
import type { WeightTensors } from "../parameters";
import { dispatch, firstSample, tableParts, type Recorder } from "./recorder";

/**
 * One more than the narrow kernels have lanes: the shared prefix has a partial sum of its own. On a GPU a chunk is a
 * workgroup, of which there must be several for each of its processors.
 */
const mostChunks = { narrow: narrowLanes + 1, tiled: narrowLanes + 1, wide: 384 };
const partialBudget = 4_000_000;

/** Into how many partial sums a gradient of so many elements is cut: fewer for large ones, to save memory. */
const gradientChunks = (shape: ScanForm, length: number, room = partialBudget): number =>
  Math.max(1, Math.min(mostChunks[shape], Math.floor(Math.min(room, partialBudget) / length)));

/**
 * Records the gradient of a kernel and its bias: partial sums over the rows of `x`, then their sum; for so many rows of
 * the kernel at a time as there is room for, the bias with the first.
 *
 * @param tensors `x`, `dz`, and the gradients: `kernel`, and `bias` where it is wanted
 */
export function recordWeightGradient(
  recorder: Recorder,
  program: Program<StepValues>,
  options: Omit<WeightGradientOptions, "chunks" | "first" | "useBias">,
  tensors: WeightTensors,
  target: PartialsTarget = { stride: options.outputs, first: 0, biasFirst: 0 },
): void {
  const { shape, layout, plan } = recorder;
  const { inputs, outputs } = options;
  const room = plan.partials.length;
  const mostRows = Math.floor(room / partialLength(1, outputs));
  let { bias } = tensors as Partial<WeightTensors>;
  for (const [kernel, { first, rows } = { first: 0, rows: inputs }] of tableParts(tensors.kernel)) {
    for (let begin = 0; begin < rows;) {
      const useBias = bias !== undefined;
      const own = wholeVectors(mostRows - Number(useBias), rows - begin);
      const chunks = gradientChunks(shape, partialLength(own + 1, outputs), room);
      const part = own < inputs ? { first: first + begin, rows: own } : undefined;
      const full = { ...options, useBias, chunks, first: firstSample(layout) };
      const narrow = shape === "narrow" && !part && narrowWeightGradientFits(full);
      const gradient = narrow ? weightGradientNarrow(full) : weightGradient(full, part);
      dispatch(recorder, program, gradient, tensors);
      const into = { ...target, first: target.first + begin * target.stride };
      dispatch(recorder, program, sumPartials(own, outputs, useBias, chunks, into), { kernel, bias });
      begin += own;
      bias = undefined;
    }
  }
}

/** So many rows, but at most `most`; then whole vectors of four, so that the next ones begin with one. */
const wholeVectors = (most: number, rows: number): number =>
  rows <= most || most < 4 ? Math.min(rows, most) : most - (most % 4);

/** Records the sum of partial gradients into a kernel's [K, J] and its bias's. */
export function recordSumPartials(
  recorder: Recorder,
  program: Program<StepValues>,
  chunks: number,
  { kernel, bias }: WeightTensors,
): void {
  const [rows, columns] = kernel.shape;
  dispatch(recorder, program, sumPartials(rows, columns, bias !== undefined, chunks), { kernel, bias });
}

/** Elements of scratch that the partial gradients of a kernel take at most; where there are fewer, they take turns. */
export function partialsLength(shape: ScanForm, inputs: number, outputs: number): number {
  const length = partialLength(inputs + 1, outputs);
  return gradientChunks(shape, length) * length;
}
