import type { ScanForm, ScanOptions, ScanPart } from "../../kernels";
import type { Tensor } from "../../runtime/tensor";
import type { RecurrentLayer } from "../layers";
import type { WeightTensors } from "../parameters";
import type { Recorder, SequenceFlow } from "./recorder";
import type { ScanDispatch } from "./scan-dispatches";

/** Everything that the passes of one recurrent layer share. */
export interface Recurrence {
  recorder: Recorder;
  config: RecurrentLayer;
  options: ScanOptions;
  /** Of the scan, in the order of its forward pass. */
  dispatches: readonly ScanDispatch[];
  input: SequenceFlow;
  weights: WeightTensors;
  gradients: WeightTensors | undefined;
  /** In which form the scan takes a part of the segments. */
  formOf: (part: ScanPart) => ScanForm;
  /** G·U columns. */
  columns: number;
  projected: Tensor;
  h: Tensor;
  c: Tensor | undefined;
  /** The gates of cells that keep them; later the derivatives by z. */
  dz: Tensor | undefined;
  /** Of the last gate: q and later its derivative, or m (see `Cell`). */
  extra: Tensor | undefined;
  /** What the recurrent product took for h, where some of it was dropped. */
  inputs: Tensor | undefined;
}
