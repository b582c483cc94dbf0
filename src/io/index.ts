import { sequentialFromConfig } from "../model/sequential";
import type { Sequential } from "../model/sequential";
import { FormatError, InvalidInputError, describe } from "../runtime/errors";
import { detectKind, kindNames } from "./detect";
import { readModelFile, writeModelFile } from "./native";
import type { ModelFile, SavableModel } from "./native";

export { readSafetensors, writeSafetensors } from "./safetensors";
export type { NamedTensor, SafetensorsFile, StoredTensor } from "./safetensors";
export type { DtypeName, TensorData } from "./dtypes";
export type { ModelFile, SavableModel } from "./native";

/** The formats that `saveModel` writes. */
export type ModelFormat = "safetensors";

/** Formats of model files, with what can be written today. */
const formats: Record<string, typeof writeModelFile | undefined> = {
  safetensors: writeModelFile,
  keras: undefined,
  h5: undefined,
  tfjs: undefined,
  onnx: undefined,
};

/** Options of `saveModel`. */
export interface SaveOptions {
  /** Strings of yours, kept in the file: how text was turned into tokens, when it was trained, … */
  metadata?: Readonly<Record<string, string>>;
}

/** Where a model can be loaded from: a file's bytes, or a `File` or `Blob`. */
export type ModelSource = Uint8Array | ArrayBuffer | Blob;

/**
 * The bytes of a model file: architecture and weights.
 *
 * @param format `"safetensors"`, this library's own, which any reader of safetensors can open
 * @returns the file's bytes
 * @throws InvalidInputError for a format that is not written, or metadata under a reserved name
 * @example
 * const bytes = await saveModel(model, "safetensors", { metadata: { trained: "2 epochs" } });
 * await writeFile("imdb.safetensors", bytes);
 */
export async function saveModel(
  model: SavableModel,
  format: ModelFormat = "safetensors",
  options: SaveOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const unknown = Object.keys(options).find((key) => key !== "metadata");
  if (unknown !== undefined) {
    const remedy = "pass strings of yours as { metadata: { … } }";
    throw new InvalidInputError(describe("saveModel", "metadata as the only option", `"${unknown}"`, remedy));
  }
  const write = Object.hasOwn(formats, format) ? formats[format] : undefined;
  if (write) return write(model, options.metadata ?? {});
  const writable = Object.keys(formats).filter((name) => formats[name]);
  const got = `"${format}"${Object.hasOwn(formats, format) ? ", which is not written yet" : ""}`;
  throw new InvalidInputError(
    describe("saveModel", `a format of ${writable.join(", ")}`, got, "pass one of these"),
  );
}

/**
 * A model from a file that `saveModel` wrote, with its weights; compile it to use it.
 *
 * @throws FormatError when the file is damaged, or of a kind that cannot be read
 * @throws InvalidInputError when `source` is no bytes, `File` or `Blob`
 * @example
 * const model = await loadModel(await readFile("imdb.safetensors"));
 * await model.compile({ loss: "binaryCrossentropy", metrics: ["acc"] });
 */
export async function loadModel(source: ModelSource): Promise<Sequential> {
  const { architecture, weights } = await inspectModel(source);
  try {
    const model = sequentialFromConfig(checkedConfig(architecture));
    await model.setWeights(weights);
    return model;
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const remedy = "save the model again with this version of webgpu-rnn";
    throw new FormatError(
      describe(
        "loadModel",
        "an architecture and weights that fit",
        `a file refused as "${error.message}"`,
        remedy,
      ),
      { cause: error },
    );
  }
}

/**
 * What a file that `saveModel` wrote holds, without making a model of it: architecture, weights
 * and the metadata it was saved with.
 *
 * @throws FormatError and InvalidInputError as `loadModel` does
 * @example
 * const { metadata, weights } = await inspectModel(file);
 */
export async function inspectModel(source: ModelSource): Promise<ModelFile> {
  const bytes = await bytesOf(source);
  const kind = detectKind(bytes);
  if (kind === "safetensors") return readModelFile(bytes);
  const remedy = 'pass a file that saveModel(model, "safetensors") wrote; other formats are not read yet';
  throw new FormatError(describe("loadModel", kindNames.safetensors, kindNames[kind], remedy));
}

/** A config as far as its outline goes; the layers are checked where they are made. */
function checkedConfig(architecture: object): Parameters<typeof sequentialFromConfig>[0] {
  const { name, layers } = architecture as { name?: unknown; layers?: unknown };
  const isLayer = (layer: unknown): boolean => typeof layer === "object" && layer !== null;
  const isList = Array.isArray(layers) && layers.every(isLayer);
  if (isList && (name === undefined || typeof name === "string")) {
    return { name, layers: layers as Parameters<typeof sequentialFromConfig>[0]["layers"] };
  }
  const got = JSON.stringify(architecture).slice(0, 80);
  const remedy = "save the model again";
  throw new FormatError(describe("loadModel", "a name and a list of layers as architecture", got, remedy));
}

async function bytesOf(source: ModelSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  const got = source === null ? "null" : typeof source;
  const remedy = "read the file first, and pass its bytes";
  throw new InvalidInputError(describe("loadModel", "a file's bytes, a File or a Blob", got, remedy));
}
