import { activations, type Activation } from "../../kernels";
import { resolveInitializer, type Initializer } from "../initializers";
import { regularizer, type Regularizer, type RegularizerOption } from "../regularizers";
import {
  configured,
  maxUnits,
  oneOf,
  rate,
  size,
  type InitializerOption,
  type OptionTable,
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

const table: OptionTable<SimpleRnnOptions> = {
  trainable: [true],
  activation: ["tanh", oneOf(activations)],
  useBias: [true],
  kernelInitializer: ["glorotUniform", resolveInitializer],
  recurrentInitializer: ["orthogonal", resolveInitializer],
  biasInitializer: ["zeros", resolveInitializer],
  kernelRegularizer: [undefined, regularizer],
  recurrentRegularizer: [undefined, regularizer],
  biasRegularizer: [undefined, regularizer],
  returnSequences: [false],
  returnState: [false],
  goBackwards: [false],
  stateful: [false],
  dropout: [0, rate],
  recurrentDropout: [0, rate],
};

const gatedTable = { ...table, recurrentActivation: ["sigmoid", oneOf(activations)] } as const;

const sized = (units: number) => ({ units: [units, size(maxUnits)] }) as const;

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
  return configured("SimpleRNN", "simpleRNN", sized(units), given, table);
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
  return configured("LSTM", "lstm", sized(units), given, { ...gatedTable, unitForgetBias: [true] });
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
  return configured("GRU", "gru", sized(units), given, { ...gatedTable, resetAfter: [true] });
}
