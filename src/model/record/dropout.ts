import { dropout, dropoutSize, featureDropout } from "../../kernels/dropout";
import { writtenOut } from "./embedding";
import { elementGrid, firstSample, type Flow, type Recorder, type Recording } from "./recorder";

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
  const { arena, capacity, plan, layout } = recorder;
  const { width } = flow;
  const sequence = flow.kind === "rows";
  const count = sequence ? "rows" : "samples";
  const stream = recorder.nextStream();
  const shape = [capacity[count], width];
  const values = arena.tensor("dropped", shape);
  const dx = flow.gradient;
  const gradient = dx && arena.tensor("dDropped", shape);
  const { step, segments } = plan;
  const each = elementGrid((sizes) => sizes[count], width, dropoutSize);
  const bySegment = elementGrid((sizes) => sizes.segments, width, dropoutSize);
  const declare = (share: number, rows: "same" | "last") =>
    dropout({ width, rate: share, stream, rows, count, first: firstSample(layout) });
  recorder.forward.push((program, training) => {
    const share = training ? rate : 0;
    if (features) {
      const x = { step, segments, x: flow.values, out: values };
      program.dispatch(featureDropout(width, share, stream), x, bySegment);
      return;
    }
    const rows = flow.kind === "last" ? "last" : "same";
    const tensors = { step, ...(rows === "last" ? { segments } : {}), x: flow.values, out: values };
    program.dispatch(declare(share, rows), tensors, each);
  });
  const back: Recording = (program) => {
    if (features) {
      const x = { step, segments, x: gradient!, out: dx! };
      program.dispatch(featureDropout(width, rate, stream, accumulate), x, bySegment);
      return;
    }
    program.dispatch(declare(rate, "same"), { step, x: gradient!, out: dx! }, each);
  };
  if (gradient) recorder.backward.push(back);
  if (sequence) return { kind: "rows", width, mask: flow.mask, values, gradient };
  return { kind: "samples", width, values, gradient };
}
