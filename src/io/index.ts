/** The public names of `webgpu-rnn/io`: reading and writing model files. */
export { readSafetensors, writeSafetensors } from "./safetensors";
export { browserCheckpoints } from "./browser-checkpoints";
export { inspectModel, loadModel, loadWeights } from "./load";
export { modelFormats, saveModel } from "./save";
export { checkpointStore, decodeCheckpoint, encodeCheckpoint } from "./checkpoint";
export type { LoadOptions, ModelFile } from "./load";
export type { FileFormat, ModelFormat, SavableModel, SaveOptions } from "./save";
export type { ModelSource } from "./open";
export type { ModelFiles } from "./tfjs/files";
export type { ModelConfig, StoredFormat, StoredLayer, StoredTensorInfo } from "./stored-model";
export type { NamedTensor, SafetensorsFile, StoredTensor } from "./safetensors";
export type { DtypeName, TensorData } from "./dtypes";
export type { BrowserCheckpointOptions } from "./browser-checkpoints";
export type { ByteStore, CheckpointFile } from "./checkpoint";
