import type { ScanOptions } from "../../kernels";
import type { Tensor } from "../../runtime/tensor";
import type { RecurrentLayer } from "../layers";
import type { WeightTensors } from "../parameters";
import type { Recorder, SequenceFlow } from "./recorder";

/** A time loop in one window: with the states before its first step and after its last, a row for each sample of the batch. */
export interface LoopWindow {
  /** The kernels' `step`: that of the window which is in this place where all run forward. */
  step: Tensor;
  /** The states that it begins with; zeros where there are none. */
  begin?: Tensor;
  /** Those that it leaves, for the next window, the next batch or whoever asked for them. */
  end?: Tensor;
  /** Whether they are wanted while training too. */
  carries: boolean;
  /** [samples + 1, U or 2·U] the derivatives by the states that a chunk of steps, or a window, begins with. */
  dOrigin?: Tensor;
}

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
