import { activations, type Activation } from "../../kernels";
import type { Initializer } from "../initializers";
import { regularizers, type Regularizer, type RegularizerOption } from "../regularizers";
import {
  initializer,
  knownOptions,
  maxUnits,
  oneOf,
  rate,
  size,
  type InitializerOption,
  type TrainableLayer,
} from "./options";

/** What all recurrent layers have. */
interface RecurrentConfig extends TrainableLayer {
  units: number;
  activation: Activation;
  useBias: boolean;
  kernelInitializer: Initializer;
  recurrentInitializer: Initializer;
  biasInitializer: Initializer;
  kernelRegularizer?: Regularizer;
  recurrentRegularizer?: Regularizer;
  biasRegularizer?: Regularizer;
  returnSequences: boolean;
  returnState: boolean;
  goBackwards: boolean;
  stateful: boolean;
  dropout: number;
  recurrentDropout: number;
}

export interface SimpleRnnConfig extends RecurrentConfig {
  className: "SimpleRNN";
}

export interface LstmConfig extends RecurrentConfig {
  className: "LSTM";
  recurrentActivation: Activation;
  unitForgetBias: boolean;
}

export interface GruConfig extends RecurrentConfig {
  className: "GRU";
  recurrentActivation: Activation;
  resetAfter: boolean;
}

/** A layer with a time loop. */
export type RecurrentLayer = SimpleRnnConfig | LstmConfig | GruConfig;

export interface SimpleRnnOptions {
  name?: string;
  /** Whether training changes the weights. Default `true`; a frozen layer takes no part in the clipping of gradients. */
  trainable?: boolean;
  /** Default `"tanh"`. */
  activation?: Activation;
  /** Default `true`. */
  useBias?: boolean;
  /** Default `"glorotUniform"`. */
  kernelInitializer?: InitializerOption;
  /** Default `"orthogonal"`. */
  recurrentInitializer?: InitializerOption;
  /** Default `"zeros"`. */
  biasInitializer?: InitializerOption;
  /** What the elements of the kernel add to the loss: `l2(1e-4)` and the like. Default nothing. */
  kernelRegularizer?: RegularizerOption;
  /** What the elements of the recurrent kernel add to the loss: `l2(1e-4)` and the like. Default nothing. */
  recurrentRegularizer?: RegularizerOption;
  /** What the elements of the bias add to the loss: `l2(1e-4)` and the like. Default nothing. */
  biasRegularizer?: RegularizerOption;
  /** Return the state after every step, not only the last: [batch, steps, units]. Default `false`. */
  returnSequences?: boolean;
  /** Let `predict` return the states after each row's last step, too: h, and c of an LSTM. Default `false`. */
  returnState?: boolean;
  /** Process the steps from the last to the first. Default `false`. */
  goBackwards?: boolean;
  /** Row i of a batch goes on from the state in which row i of the batch before ended. Default `false`. */
  stateful?: boolean;
  /** Share of the inputs to drop while training, the same for all steps of a sequence. Default 0. */
  dropout?: number;
  /** Share of the state to drop on its way into the next step while training, the same for all steps. Default 0. */
  recurrentDropout?: number;
}

export interface LstmOptions extends SimpleRnnOptions {
  /** Of the three gates. Default `"sigmoid"`. */
  recurrentActivation?: Activation;
  /** Let the forget gate's bias begin at 1 (Jozefowicz et al. 2015). Default `true`. */
  unitForgetBias?: boolean;
}

export interface GruOptions extends SimpleRnnOptions {
  /** Of the two gates. Default `"sigmoid"`. */
  recurrentActivation?: Activation;
  /** Apply the reset gate after the recurrent product (Keras 3, cuDNN) or before it (Cho et al. 2014). Default `true`. */
  resetAfter?: boolean;
}

const regularized = ["kernelRegularizer", "recurrentRegularizer", "biasRegularizer"] as const;

const options = [
  "name",
  "trainable",
  "activation",
  "useBias",
  "kernelInitializer",
  "recurrentInitializer",
  "biasInitializer",
  ...regularized,
  "returnSequences",
  "returnState",
  "goBackwards",
  "stateful",
  "dropout",
  "recurrentDropout",
];

function recurrent(where: string, units: number, given: SimpleRnnOptions): RecurrentConfig {
  return {
    name: given.name,
    trainable: given.trainable ?? true,
    units: size(where, "units", units, maxUnits),
    activation: oneOf(where, "activation", given.activation ?? "tanh", activations),
    useBias: given.useBias ?? true,
    kernelInitializer: initializer(given.kernelInitializer ?? "glorotUniform"),
    recurrentInitializer: initializer(given.recurrentInitializer ?? "orthogonal"),
    biasInitializer: initializer(given.biasInitializer ?? "zeros"),
    ...regularizers(where, given, regularized),
    returnSequences: given.returnSequences ?? false,
    returnState: given.returnState ?? false,
    goBackwards: given.goBackwards ?? false,
    stateful: given.stateful ?? false,
    dropout: rate(where, "dropout", given.dropout ?? 0),
    recurrentDropout: rate(where, "recurrentDropout", given.recurrentDropout ?? 0),
  };
}

/**
 * The fully connected recurrent layer: h_t = activation(x_t·kernel + bias + h_{t-1}·recurrentKernel), h_0 = 0.
 * [batch, steps, features] → [batch, units].
 *
 * @param units size of the state, at most 1,024
 * @throws {InvalidInputError} units out of range, an unknown option or activation.
 * @example
 * simpleRNN(32, { returnSequences: true })
 * @see https://keras.io/api/layers/recurrent_layers/simple_rnn/
 */
export function simpleRNN(units: number, given: SimpleRnnOptions = {}): SimpleRnnConfig {
  knownOptions("simpleRNN", given, options);
  return { className: "SimpleRNN", ...recurrent("simpleRNN", units, given) };
}

/**
 * Long short-term memory (Hochreiter & Schmidhuber 1997, with forget gates): input, forget and output gates
 * round a memory cell. [batch, steps, features] → [batch, units]. Weights lie gate by gate in the order
 * i, f, c, o.
 *
 * @param units size of the state, at most 1,024
 * @throws {InvalidInputError} units out of range, an unknown option or activation.
 * @example
 * lstm(32, { recurrentDropout: 0.2 })
 * @see https://keras.io/api/layers/recurrent_layers/lstm/
 */
export function lstm(units: number, given: LstmOptions = {}): LstmConfig {
  knownOptions("lstm", given, [...options, "recurrentActivation", "unitForgetBias"]);
  return {
    className: "LSTM",
    ...recurrent("lstm", units, given),
    recurrentActivation: gateActivation("lstm", given.recurrentActivation),
    unitForgetBias: given.unitForgetBias ?? true,
  };
}

/**
 * The gated recurrent unit (Cho et al. 2014): an update gate and a reset gate.
 * [batch, steps, features] → [batch, units]. Weights lie gate by gate in the order z, r, h.
 *
 * @param units size of the state, at most 1,024
 * @throws {InvalidInputError} units out of range, an unknown option or activation.
 * @example
 * gru(64, { returnSequences: true })
 * @see https://keras.io/api/layers/recurrent_layers/gru/
 */
export function gru(units: number, given: GruOptions = {}): GruConfig {
  knownOptions("gru", given, [...options, "recurrentActivation", "resetAfter"]);
  return {
    className: "GRU",
    ...recurrent("gru", units, given),
    recurrentActivation: gateActivation("gru", given.recurrentActivation),
    resetAfter: given.resetAfter ?? true,
  };
}

function gateActivation(where: string, given: Activation | undefined): Activation {
  return oneOf(where, "recurrentActivation", given ?? "sigmoid", activations);
}
