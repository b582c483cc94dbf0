import type { ScanShape } from "../kernels/scan";
import type { Device } from "../runtime/device";
import type { Loss } from "./losses";
import type { Optimizer } from "./optimizers";
import type { Parameters } from "./parameters";
import type { Random } from "./random";

/** Everything that exists once a model is compiled. */
export interface Compiled {
  device: Device;
  parameters: Parameters;
  optimizer: Optimizer;
  loss: Loss;
  /** The name of the accuracy in histories, or undefined where it is not asked for. */
  accuracy: string | undefined;
  shape: ScanShape;
  random: Random;
  /** Optimizer steps taken. */
  iterations: number;
  learningRate: number;
}
