import { dropout, featureDropout } from "../../kernels";
import type { Tensor } from "../../runtime/tensor";
import { writtenOut } from "./embedding";
import { dispatch, firstSample, type Flow, type Recorder, type Recording } from "./recorder";

/**
 * Records dropout of single values, or of whole features of a sequence. A workspace for inference alone has
 * nothing of it.
 *
 * @param accumulate add to the derivative of the input, which another layer has written already (features)
 */
export function recordDropout(
  recorder: Recorder,
  { rate, features, accumulate = false }: { rate: number; features: boolean; accumulate?: boolean },
  input: Flow,
): Flow {
  if (!recorder.training || rate === 0) return input;
  const flow = writtenOut(recorder, input);
  const { arena, capacity, layout } = recorder;
  const { width } = flow;
  const sequence = flow.kind === "rows";
  const count = sequence ? "rows" : "samples";
  const stream = recorder.nextStream();
  const shape = [capacity[count], width];
  const values = arena.tensor("dropped", shape);
  const dx = flow.gradient;
  const gradient = dx && arena.tensor("dDropped", shape);
  const record = (
    program: Parameters<Recording>[0],
    share: number,
    tensors: { x: Tensor; out: Tensor | undefined },
    rows: "same" | "last",
    add: boolean,
  ): void => {
    const first = firstSample(layout);
    const kernel = features
      ? featureDropout(width, share, stream, add)
      : dropout({ width, rate: share, stream, rows, count, first });
    dispatch(recorder, program, kernel, tensors);
  };
  recorder.forward.push((program, training) => {
    const share = training ? rate : 0;
    record(program, share, { x: flow.values, out: values }, flow.kind === "last" ? "last" : "same", false);
  });
  if (gradient) {
    recorder.backward.push((program) => {
      record(program, rate, { x: gradient, out: dx }, "same", accumulate);
    });
  }
  if (sequence) return { kind: "rows", width, mask: flow.mask, values, gradient };
  return { kind: "samples", width, values, gradient };
}
