/** What needs Node: a GPU device through Dawn, files, and the building blocks of the command line. */
export { listNodeAdapters, requestNodeDevice } from "./device";
export type { NodeAdapter, NodeDeviceOptions } from "./device";
export { fileCheckpoints } from "./checkpoint-file";
export { checkWritable, readFile, writeFileAtomic } from "./files";
export { runCommandLine } from "./command-line";
export type { World } from "./command-line";
export type { Output } from "./terminal";
export { describeModel, formatDescription } from "./describe-model";
export type { ModelDescription } from "./describe-model";
export { convertModel, loadModelFile, loadWeightsFile, saveModelFile } from "./model-files";
