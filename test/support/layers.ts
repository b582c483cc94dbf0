/**
 * Layers and optimizers as plain data, in the names of this library's options. The goldens are
 * parsed into it, the float64 twin of a model reads it, and tests build the engine's model from it.
 */

export type Activation = "linear" | "tanh" | "relu" | "sigmoid" | "softmax" | "hardSigmoid";

export interface EmbeddingDescription {
  readonly type: "embedding";
  readonly name: string;
  readonly inputDim: number;
  readonly outputDim: number;
  readonly maskZero: boolean;
}

export interface RecurrentDescription {
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
  readonly goBackwards: boolean;
}

export interface BidirectionalDescription {
  readonly type: "bidirectional";
  readonly name: string;
  readonly mergeMode: "concat" | "sum" | "mul" | "ave";
  readonly layer: RecurrentDescription;
}

export interface DenseDescription {
  readonly type: "dense";
  readonly name: string;
  readonly units: number;
  readonly activation: Activation;
  readonly useBias: boolean;
}

export type LayerDescription =
  EmbeddingDescription | RecurrentDescription | BidirectionalDescription | DenseDescription;

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

export type OptimizerDescription = RmspropDescription | SgdDescription | AdamDescription;

export type LossName = "binaryCrossentropy" | "sparseCategoricalCrossentropy" | "meanSquaredError";

export interface LossDescription {
  readonly name: LossName;
  readonly fromLogits: boolean;
}
