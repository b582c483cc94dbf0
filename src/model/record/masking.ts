import { masking, maskingGradient } from "../../kernels";
import { writtenOut } from "./embedding";
import { dispatch, type Flow, type Recorder, type SequenceFlow } from "./recorder";

/** Records a layer that marks the steps whose features all are `value`; a mask from before ends here. */
export function recordMasking(recorder: Recorder, value: number, input: SequenceFlow): Flow {
  const flow = writtenOut(recorder, input);
  const { arena, capacity } = recorder;
  const { width } = flow;
  const rows = arena.tensor("mask", [capacity.rows], "u32");
  const values = arena.tensor("unmasked", [capacity.rows, width]);
  recorder.forward.push((program) => {
    dispatch(recorder, program, masking(width, Math.fround(value)), {
      x: flow.values,
      mask: rows,
      out: values,
    });
  });
  const mask = { by: "rows", tensors: { mask: rows } } as const;
  const dx = flow.gradient;
  const gradient = dx && arena.tensor("dUnmasked", [capacity.rows, width]);
  if (gradient) {
    recorder.backward.push((program) => {
      dispatch(recorder, program, maskingGradient(width), { mask: rows, dOut: gradient, dx });
    });
  }
  return { kind: "rows", width, mask, values, gradient };
}
