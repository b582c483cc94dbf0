/** The public names of `webgpu-rnn`: models, layers, optimizers, losses, callbacks, the device, errors. */
export {
  bidirectional,
  conv1d,
  dense,
  dropout,
  embedding,
  flatten,
  globalAveragePooling1d,
  globalMaxPooling1d,
  gru,
  input,
  lstm,
  masking,
  maxPooling1d,
  simpleRNN,
  spatialDropout1d,
  timeDistributed,
  type BidirectionalOptions,
  type Conv1dOptions,
  type DenseOptions,
  type EmbeddingOptions,
  type GruOptions,
  type Layer,
  type LstmOptions,
  type MaskingOptions,
  type MaxPooling1dOptions,
  type MergeMode,
  type SimpleRnnOptions,
} from "./model/layers";
export {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  inverseTimeDecay,
  piecewiseConstantDecay,
  polynomialDecay,
} from "./model/schedules";
export {
  binaryCrossentropy,
  categoricalCrossentropy,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalCrossentropy,
  type Loss,
} from "./model/losses";
export { l1, l1l2, l2, type Regularizer, type RegularizerOption } from "./model/regularizers";
export {
  constant,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal,
  lecunUniform,
  ones,
  orthogonal,
  randomNormal,
  randomUniform,
  truncatedNormal,
  zeros,
  type Initializer,
} from "./model/initializers";
export { adam, adamW, nadam, rmsprop, sgd, type Optimizer, type OptimizerOptions } from "./model/optimizers";
export { sequential, sequentialFromConfig, type Sequential } from "./model/sequential";
export * from "./model/callbacks";
export * from "./model/learning-rate-callbacks";
export { Device, requestDevice, type DeviceOptions } from "./runtime/device";
export {
  DeviceError,
  DeviceLostError,
  DownloadError,
  FormatError,
  InvalidInputError,
  KernelError,
  OutOfMemoryError,
  StateError,
  WebGpuRnnError,
} from "./runtime/errors";
export type { CompileOptions } from "./model/compile-options";
export type { CompileConfig } from "./model/compiled";
export type { OptimizerState } from "./model/training-state";
export type { LearningRateSchedule } from "./model/learning-rate-schedule";
export type { Callback, CallbackModel, Logs } from "./model/callback";
export type { CheckpointOptions, FitOptions } from "./model/fit";
export type { CheckpointStore, TrainingSnapshot } from "./model/snapshot";
export type { History } from "./model/history";
export type { EvaluateOptions, Prediction, PredictOptions } from "./model/inference";
export type { NamedState } from "./model/states";
export type { StreamStep, TokenStream } from "./model/stream";
export type { Labels } from "./model/session";
export type { TokenInput } from "./model/token-data";
export type { NamedWeight } from "./model/weights";
export type { ProgramSample, StepSample } from "./runtime/program-sampler";
