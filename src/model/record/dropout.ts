import { dropout, featureDropout, type SizedKernel } from "../../kernels";
import { writtenOut } from "./embedding";
import { dispatch, firstSample, newFlow, type Flow, type Recorder } from "./recorder";

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
  const { width, mask } = flow;
  const count = flow.kind === "rows" ? "rows" : "samples";
  const stream = ++recorder.streams.next;
  const output = newFlow(recorder, "dropped", count, width, flow.gradient, mask);
  const first = firstSample(recorder.layout);
  const kernel = (share: number, rows: "same" | "last", add: boolean): SizedKernel =>
    features
      ? featureDropout(width, share, stream, add)
      : dropout({ width, rate: share, stream, rows, count, first });
  recorder.forward.push((program, training) => {
    const rows = flow.kind === "last" ? "last" : "same";
    const tensors = { x: flow.values, out: output.values };
    dispatch(recorder, program, kernel(training ? rate : 0, rows, false), tensors);
  });
  if (output.gradient) {
    recorder.backward.push((program) => {
      const tensors = { x: output.gradient, out: flow.gradient };
      dispatch(recorder, program, kernel(rate, "same", accumulate), tensors);
    });
  }
  return output;
}
