import type { ScanOptions } from "../../kernels";
import type { Tensor } from "../../runtime/tensor";
import type { RecurrentLayer } from "../layers";
import type { WeightTensors } from "../parameters";
import type { Recorder, SequenceFlow } from "./recorder";
import type { LoopWindow } from "./state";

/** Everything that the passes of one recurrent layer share. */
export interface Recurrence {
  recorder: Recorder;
  config: RecurrentLayer;
  options: ScanOptions;
  input: SequenceFlow;
  weights: WeightTensors;
  gradients: WeightTensors | undefined;
  /** G·U columns. */
  columns: number;
  tensors: RecurrentTensors;
  window: LoopWindow;
}

/** What the scans leave, by the names that kernels have for it. */
export interface RecurrentTensors {
  projected: Tensor;
  h: Tensor;
  c: Tensor | undefined;
  /** The gates of cells that keep them, under both names; later the derivatives by z. */
  gates: Tensor | undefined;
  dz: Tensor | undefined;
  /** Of the last gate: q and later its derivative, or m (see `Cell`). */
  extra: Tensor | undefined;
  /** What the recurrent product took for h, where some of it was dropped. */
  inputs: Tensor | undefined;
}
