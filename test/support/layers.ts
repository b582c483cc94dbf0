/**
 * Layers and optimizers as plain data, in the names of this library's options. The goldens are
 * parsed into it, the float64 twin of a model reads it, and tests build the engine's model from it.
 */

import type { PointwiseActivation } from "../reference/activation";

export type Activation = PointwiseActivation | "softmax";

/** What a weight adds to the loss: Σ l1·|w| + l2·w². */
export interface RegularizerDescription {
  readonly l1: number;
  readonly l2: number;
}

/** Of a layer with kernels; none where absent. */
interface Regularized {
  readonly kernelRegularizer?: RegularizerDescription;
  readonly biasRegularizer?: RegularizerDescription;
}

export interface EmbeddingDescription {
  readonly type: "embedding";
  readonly name: string;
  readonly inputDim: number;
  readonly outputDim: number;
  readonly maskZero: boolean;
  readonly embeddingsRegularizer?: RegularizerDescription;
}

export interface RecurrentDescription extends Regularized {
  readonly recurrentRegularizer?: RegularizerDescription;
  readonly type: "simpleRNN" | "lstm" | "gru";
  readonly name: string;
  readonly units: number;
  readonly activation: Activation;
  /** Of lstm and gru. */
  readonly recurrentActivation?: Activation;
  /** Of gru. */
  readonly resetAfter?: boolean;
  readonly useBias: boolean;
  readonly returnSequences: boolean;
  /** Default `false`. */
  readonly returnState?: boolean;
  readonly goBackwards: boolean;
  /** Default `false`. */
  readonly stateful?: boolean;
  /** Default 0. */
  readonly dropout?: number;
  /** Default 0. */
  readonly recurrentDropout?: number;
}

export interface BidirectionalDescription {
  readonly type: "bidirectional";
  readonly name: string;
  readonly mergeMode: "concat" | "sum" | "mul" | "ave";
  readonly layer: RecurrentDescription;
}

export interface DenseDescription extends Regularized {
  readonly type: "dense";
  readonly name: string;
  readonly units: number;
  readonly activation: Activation;
  readonly useBias: boolean;
}

export interface TimeDistributedDescription {
  readonly type: "timeDistributed";
  readonly name: string;
  readonly layer: DenseDescription;
}

export interface MaskingDescription {
  readonly type: "masking";
  readonly name: string;
  readonly maskValue: number;
}

export interface DropoutDescription {
  /** Of single values, or of whole features. */
  readonly type: "dropout" | "spatialDropout1d";
  readonly name: string;
  readonly rate: number;
}

export interface Conv1dDescription extends Regularized {
  readonly type: "conv1d";
  readonly name: string;
  readonly filters: number;
  readonly kernelSize: number;
  readonly strides: number;
  readonly padding: "valid" | "same" | "causal";
  readonly activation: PointwiseActivation;
  readonly useBias: boolean;
}

export interface MaxPooling1dDescription {
  readonly type: "maxPooling1d";
  readonly name: string;
  readonly poolSize: number;
  readonly strides: number;
  readonly padding: "valid" | "same";
}

export interface ReductionDescription {
  readonly type: "globalAveragePooling1d" | "globalMaxPooling1d" | "flatten";
  readonly name: string;
}

export type LayerDescription =
  | EmbeddingDescription
  | RecurrentDescription
  | BidirectionalDescription
  | DenseDescription
  | TimeDistributedDescription
  | MaskingDescription
  | DropoutDescription
  | Conv1dDescription
  | MaxPooling1dDescription
  | ReductionDescription;

interface Clipping {
  readonly weightDecay?: number;
  readonly clipnorm?: number;
  readonly globalClipnorm?: number;
  readonly clipvalue?: number;
}

export interface RmspropDescription extends Clipping {
  readonly type: "rmsprop";
  readonly learningRate: number;
  readonly rho: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly centered: boolean;
}

export interface SgdDescription extends Clipping {
  readonly type: "sgd";
  readonly learningRate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
}

export interface AdamDescription extends Clipping {
  /** adamw is adam with a weight decay that is on by default. */
  readonly type: "adam" | "adamw";
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly amsgrad: boolean;
}

export interface NadamDescription extends Clipping {
  readonly type: "nadam";
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export type OptimizerDescription = RmspropDescription | SgdDescription | AdamDescription | NadamDescription;

export type LossName =
  | "binaryCrossentropy"
  | "sparseCategoricalCrossentropy"
  | "categoricalCrossentropy"
  | "meanSquaredError"
  | "meanAbsoluteError";

export interface LossDescription {
  readonly name: LossName;
  readonly fromLogits: boolean;
}
