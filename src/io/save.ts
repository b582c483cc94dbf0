import { invalid } from "../runtime/errors";
import { writeKerasArchive } from "./keras/archive";
import { writeLegacyH5 } from "./keras/legacy-h5";
import { writeModelFile } from "./native";
import { writeTfjs } from "./tfjs/write";
import { writeOnnx } from "./onnx/write";
import type { CompileConfig } from "../model/compiled";
import type { OptimizerState } from "../model/training-state";
import type { NamedWeight } from "../model/weights";
import type { ModelConfig, Snapshot } from "./stored-model";

/** What saving needs of a model: `Sequential` has it, and anything that looks like one will do. */
export interface SavableModel {
  /** The architecture, as plain data that JSON can hold. */
  getConfig(): object;
  getWeights(): Promise<NamedWeight[]>;
  getCompileConfig?(): CompileConfig | undefined;
  getOptimizerState?(): Promise<OptimizerState>;
}

/** Options of `saveModel`. */
export interface SaveOptions {
  /** Strings of yours, kept in the file: how text was turned into tokens, when it was trained, … */
  metadata?: Readonly<Record<string, string>>;
  /** Save what the optimizer remembers, so that training can go on. Default `true`; TF.js and ONNX have no place for it. */
  includeOptimizer?: boolean;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** The formats that `saveModel` writes into one file. */
export type FileFormat = "safetensors" | "keras" | "h5" | "onnx";
/** The formats that `saveModel` writes. */
export type ModelFormat = FileFormat | "tfjs";

const writers: Record<ModelFormat, (snapshot: Snapshot) => Bytes | Promise<Bytes> | Record<string, Bytes>> = {
  safetensors: writeModelFile,
  keras: writeKerasArchive,
  h5: writeLegacyH5,
  tfjs: writeTfjs,
  onnx: writeOnnx,
};

/** The names of the formats that can be written. */
export const modelFormats = Object.keys(writers) as ModelFormat[];

/**
 * The bytes of a model file: architecture, weights, and of a compiled model how it was compiled and what its
 * optimizer has come to.
 *
 * @param format `"safetensors"`, this library's own, which any reader of safetensors can open; `"keras"` and `"h5"`
 *   for Keras; `"onnx"` for ONNX Runtime; `"tfjs"` for TF.js, whose models are several files
 * @returns the file's bytes; for `"tfjs"` those of each file by its name, `model.json` first
 * @throws InvalidInputError for a format that is not written, metadata under a reserved name, or a model that the
 *   format cannot hold
 * @example
 * await writeFileAtomic("imdb.keras", await saveModel(model, "keras"));
 * @see https://keras.io/api/models/model_saving_apis/model_saving_and_loading/#save_model-function
 */
export async function saveModel(
  model: SavableModel,
  format?: FileFormat,
  options?: SaveOptions,
): Promise<Uint8Array<ArrayBuffer>>;
export async function saveModel(
  model: SavableModel,
  format: "tfjs",
  options?: SaveOptions,
): Promise<Record<string, Uint8Array<ArrayBuffer>>>;
export async function saveModel(
  model: SavableModel,
  format: ModelFormat,
  options?: SaveOptions,
): Promise<Uint8Array<ArrayBuffer> | Record<string, Uint8Array<ArrayBuffer>>>;
export async function saveModel(
  model: SavableModel,
  format: ModelFormat = "safetensors",
  options: SaveOptions = {},
): Promise<Bytes | Record<string, Bytes>> {
  checkOptions(options);
  if (!Object.hasOwn(writers, format)) {
    const expected = `a format of ${modelFormats.join(", ")}`;
    throw invalid("saveModel", expected, `"${format}"`, "pass one of these");
  }
  const { metadata = {}, includeOptimizer = true } = options;
  const config = model.getConfig() as ModelConfig;
  const weights = await model.getWeights();
  const compile = model.getCompileConfig?.();
  const state = compile && includeOptimizer ? await model.getOptimizerState?.() : undefined;
  const hasTrained = state !== undefined && state.iterations > 0;
  return writers[format]({ config, weights, compile, state: hasTrained ? state : undefined, metadata });
}

function checkOptions(options: object): void {
  const known = ["metadata", "includeOptimizer"];
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const remedy = "pass strings of yours as { metadata: { … } }";
  throw invalid("saveModel", `options among ${known.join(", ")}`, `"${unknown}"`, remedy);
}
