import { masking, maskingGradient } from "../../kernels";
import { writtenOut } from "./embedding";
import { newFlow, recordKernels, type Flow, type Recorder, type SequenceFlow } from "./recorder";

/** Records a layer that marks the steps whose features all are `value`; a mask from before ends here. */
export function recordMasking(recorder: Recorder, value: number, input: SequenceFlow): Flow {
  const flow = writtenOut(recorder, input);
  const { width, gradient } = flow;
  const mask = recorder.arena.tensor("mask", [recorder.capacity.rows], "u32");
  const marked = { by: "rows", tensors: { mask } } as const;
  const output = newFlow(recorder, "unmasked", "rows", width, gradient, marked);
  const kernels = [masking(width, Math.fround(value)), maskingGradient(width)] as const;
  recordKernels(recorder, kernels, flow, output, { mask });
  return output;
}
