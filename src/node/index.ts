/** What needs Node: a GPU device through Dawn, files, and the building blocks of the command line. */
export { listNodeAdapters, requestNodeDevice } from "./device";
export type { NodeAdapter, NodeDeviceOptions } from "./device";
export { readFile, writeFileAtomic } from "./files";
