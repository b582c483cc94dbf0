import { activations, type Activation } from "../../kernels";
import type { Initializer } from "../initializers";
import type { Regularizer, RegularizerOption } from "../regularizers";
import { kernelTable } from "./core";
import {
  configured,
  oneOf,
  size,
  type InitializerOption,
  type NamedLayer,
  type OptionTable,
  type TrainableLayer,
} from "./options";

const paddings = ["valid", "same", "causal"] as const;

/** What a convolution finds beyond the ends of a sequence. */
export type ConvolutionPadding = (typeof paddings)[number];

export interface Conv1dConfig extends TrainableLayer {
  className: "Conv1D";
  filters: number;
  kernelSize: number;
  strides: number;
  padding: ConvolutionPadding;
  activation: Activation;
  useBias: boolean;
  kernelInitializer: Initializer;
  biasInitializer: Initializer;
  kernelRegularizer?: Regularizer;
  biasRegularizer?: Regularizer;
}

export interface MaxPooling1dConfig extends NamedLayer {
  className: "MaxPooling1D";
  poolSize: number;
  strides: number;
  padding: "valid" | "same";
}

export interface GlobalAveragePooling1dConfig extends NamedLayer {
  className: "GlobalAveragePooling1D";
}

export interface GlobalMaxPooling1dConfig extends NamedLayer {
  className: "GlobalMaxPooling1D";
}

export interface FlattenConfig extends NamedLayer {
  className: "Flatten";
}

export interface Conv1dOptions {
  name?: string;
  /** Whether training changes the weights. Default `true`; a frozen layer takes no part in the clipping of gradients. */
  trainable?: boolean;
  /** Steps from one window to the next. Default 1. */
  strides?: number;
  /** `"valid"` (default): whole windows only; `"same"`: zeros on both sides; `"causal"`: zeros before the first step. */
  padding?: ConvolutionPadding;
  /** Default `"linear"`. */
  activation?: Activation;
  /** Default `true`. */
  useBias?: boolean;
  /** Default `"glorotUniform"`. */
  kernelInitializer?: InitializerOption;
  /** Default `"zeros"`. */
  biasInitializer?: InitializerOption;
  /** What the elements of the kernel add to the loss: `l2(1e-4)` and the like. Default nothing. */
  kernelRegularizer?: RegularizerOption;
  /** What the elements of the bias add to the loss: `l2(1e-4)` and the like. Default nothing. */
  biasRegularizer?: RegularizerOption;
}

const conv1dTable: OptionTable<Conv1dOptions> = {
  trainable: [true],
  strides: [1, size(1024)],
  padding: ["valid", oneOf(paddings)],
  activation: ["linear", oneOf(activations)],
  ...kernelTable,
};

/**
 * Slides `filters` kernels of `kernelSize` steps over a sequence:
 * [batch, steps, features] → [batch, newSteps, filters].
 *
 * @throws {InvalidInputError} a size out of range, an unknown option, padding or activation.
 * @example
 * conv1d(32, 5, { activation: "relu" })
 * @see https://keras.io/api/layers/convolution_layers/convolution1d/
 */
export function conv1d(filters: number, kernelSize: number, options: Conv1dOptions = {}): Conv1dConfig {
  const required = { filters: [filters, size(65_536)], kernelSize: [kernelSize, size(1024)] } as const;
  return configured("Conv1D", "conv1d", required, options, conv1dTable);
}

export interface MaxPooling1dOptions {
  name?: string;
  /** Steps from one window to the next. Default: the size of a window. */
  strides?: number;
  /** `"valid"` (default): whole windows only; `"same"`: the last window may be cut short. */
  padding?: "valid" | "same";
}

/**
 * The largest value of each window, feature by feature: [batch, steps, features] → [batch, newSteps, features].
 *
 * @param poolSize steps in a window
 * @throws {InvalidInputError} a size out of range, an unknown option or padding.
 * @example
 * maxPooling1d(2)
 * @see https://keras.io/api/layers/pooling_layers/max_pooling1d/
 */
export function maxPooling1d(poolSize = 2, options: MaxPooling1dOptions = {}): MaxPooling1dConfig {
  return configured("MaxPooling1D", "maxPooling1d", { poolSize: [poolSize, size(65_536)] }, options, {
    strides: [poolSize, size(65_536)],
    padding: ["valid", oneOf(["valid", "same"])],
  });
}

/**
 * The mean over all steps, those left out that are masked: [batch, steps, features] → [batch, features].
 *
 * @throws {InvalidInputError} an unknown option.
 * @example
 * globalAveragePooling1d()
 * @see https://keras.io/api/layers/pooling_layers/global_average_pooling1d/
 */
export function globalAveragePooling1d(options: { name?: string } = {}): GlobalAveragePooling1dConfig {
  return configured("GlobalAveragePooling1D", "globalAveragePooling1d", {}, options);
}

/**
 * The largest value of all steps, masked ones too, feature by feature: [batch, steps, features] → [batch, features].
 *
 * @throws {InvalidInputError} an unknown option.
 * @example
 * globalMaxPooling1d()
 * @see https://keras.io/api/layers/pooling_layers/global_max_pooling1d/
 */
export function globalMaxPooling1d(options: { name?: string } = {}): GlobalMaxPooling1dConfig {
  return configured("GlobalMaxPooling1D", "globalMaxPooling1d", {}, options);
}

/**
 * One row of a sample's steps: [batch, steps, features] → [batch, steps·features]. Needs a fixed number of
 * steps: begin the model with `input({ shape: [steps] })`.
 *
 * @throws {InvalidInputError} an unknown option.
 * @example
 * flatten()
 * @see https://keras.io/api/layers/reshaping_layers/flatten/
 */
export function flatten(options: { name?: string } = {}): FlattenConfig {
  return configured("Flatten", "flatten", {}, options);
}
