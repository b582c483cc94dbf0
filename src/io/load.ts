import { planArchitecture } from "../model/architecture";
import { layerFromConfig } from "../model/layers";
import { sequentialFromConfig } from "../model/sequential";
import { invalid, InvalidInputError } from "../runtime/errors";
import { openModel } from "./open";
import { isRecord, refused, shown } from "./stored-model";
import type { Sequential } from "../model/sequential";
import type { CompileConfig } from "../model/compiled";
import type { NamedWeight } from "../model/weights";
import type { Device } from "../runtime/device";
import type { ModelSource } from "./open";
import type { ModelConfig, StoredFormat, StoredLayer, StoredModel, StoredTensorInfo } from "./stored-model";

/** Options of `loadModel` and `loadWeights`. */
export interface LoadOptions {
  /** Compile the model as the file says, with its optimizer's state, at the first call that needs it. Default `true`. */
  compile?: boolean;
  /** The device to compile on. Default: as `compile` chooses it. */
  device?: Device;
  /** Decides the order of batches in further training. */
  seed?: number;
  /** Told what the file says and this library does otherwise. Default: `console.warn`. */
  onNote?: (note: string) => void;
}

/**
 * A model from a file: its layers and weights, and where the file has them, its optimizer, loss, metrics and the
 * optimizer's state. With these the model needs no `compile`: the first call that needs a device makes it.
 *
 * @param source bytes, a `File` or `Blob`, an address, or for TF.js the files by name; `.safetensors`, `.keras`,
 *   `.h5` of Keras 2.0 to 3.x, TF.js `model.json`
 * @throws FormatError when the file is damaged, of a kind that cannot be read, or has layers that the engine lacks
 * @throws DownloadError when nothing can be had from the address
 * @throws InvalidInputError when `source` or an option is none of these
 * @example
 * const model = await loadModel(await readFile("imdb.keras"));
 * const { data } = await model.predict(x);
 * @see https://keras.io/api/models/model_saving_apis/model_saving_and_loading/#load_model-function
 */
export async function loadModel(source: ModelSource, options: LoadOptions = {}): Promise<Sequential> {
  checkOptions("loadModel", options, ["compile", "device", "seed", "onNote"]);
  return buildModel(await openModel(source), options);
}

/** The model of an opened file. */
export async function buildModel(stored: StoredModel, options: LoadOptions): Promise<Sequential> {
  if (stored.refusal) throw stored.refusal;
  if (!stored.config) {
    const remedy = "make the model and call loadWeights(model, file)";
    throw refused("a file with the model's layers", "one of weights alone", remedy);
  }
  const config = checkedConfig(stored.config);
  const model = await fitting(async () => {
    const made = built(() => sequentialFromConfig(config));
    await made.setWeights(stored.weights(made.architecture));
    const { compile } = stored;
    if (compile && options.compile !== false) {
      const { device, seed } = options;
      made.compileLater({ ...compile, device, seed }, stored.state(compile.optimizer, made.architecture));
    }
    return made;
  });
  tell(stored, options);
  return model;
}

/**
 * Replaces a model's weights by those of a file, which needs no architecture: `.weights.h5`, or any other kind. Of
 * a compiled model the optimizer's state is replaced, too, where the file has it.
 *
 * @throws FormatError as `loadModel` does, and when the weights are not those of such a model; it is unchanged then
 * @example
 * await loadWeights(model, await readFile("imdb.weights.h5"));
 * @see https://keras.io/api/models/model_saving_apis/weights_saving_and_loading/#load_weights-method
 */
export async function loadWeights(
  model: Sequential,
  source: ModelSource,
  options: Pick<LoadOptions, "onNote"> = {},
): Promise<void> {
  checkOptions("loadWeights", options, ["onNote"]);
  const stored = await openModel(source);
  await fitting(async () => {
    const weights = stored.weights(model.architecture);
    const compile = model.getCompileConfig();
    const state = compile && stored.state(compile.optimizer, model.architecture);
    await model.setWeights(weights);
    if (state) await model.setOptimizerState(state);
  });
  tell(stored, options);
}

/** What a model file holds. */
export interface ModelFile {
  readonly format: StoredFormat;
  /** The program that wrote it: `"Keras 3.16.0 (torch)"`. */
  readonly writer: string;
  /** As `Sequential.getConfig` gives it; undefined in a file of weights alone, and where `loadModel` refuses it. */
  readonly architecture: ModelConfig | undefined;
  /** The layers as they stand in the file, each with what is amiss with it; undefined in a file of weights alone. */
  readonly layers: readonly StoredLayer[] | undefined;
  /** The message with which `loadModel` refuses the model; undefined where it takes it. */
  readonly refusal: string | undefined;
  /** In Keras's order; empty in a file of weights alone, whose tensors have no names. */
  readonly weights: NamedWeight[];
  /** Optimizer, loss and metrics, if they are in the file and the engine has them. */
  readonly compile: CompileConfig | undefined;
  /** All that is stored, the optimizer's variables included, as the file calls it. */
  readonly tensors: readonly StoredTensorInfo[];
  /** The strings that were given to `saveModel`. */
  readonly metadata: Record<string, string>;
  /** What the file says and this library does otherwise. */
  readonly notes: readonly string[];
}

/**
 * What a model file holds, without making a model of it; layers that the engine lacks do not stand in the way.
 *
 * @throws FormatError, DownloadError and InvalidInputError as `loadModel` does
 * @example
 * const { architecture, metadata } = await inspectModel(file);
 */
export async function inspectModel(source: ModelSource): Promise<ModelFile> {
  const stored = await openModel(source);
  const { format, writer, config, compile, tensors, metadata, notes, layers, refusal } = stored;
  const weights = config ? await fitting(() => Promise.resolve(weightsOf(stored, config))) : [];
  return {
    format,
    writer,
    architecture: config,
    layers,
    refusal: refusal?.message,
    weights,
    compile,
    tensors,
    metadata,
    notes,
  };
}

/** This library's own files keep the weights' order and names; others need the layers for them. */
function weightsOf(stored: StoredModel, config: ModelConfig): NamedWeight[] {
  return (
    stored.ownWeights?.() ?? stored.weights(built(() => planArchitecture(config.layers.map(layerFromConfig))))
  );
}

/** JSON can hold anything, and a layer fails in what it was not made for by whatever JavaScript throws. */
function built<Result>(build: () => Result): Result {
  try {
    return build();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw refused("layers with options of the right types", "others", "save the model again", error);
  }
}

/** A config as far as its outline goes; the layers are checked where they are made. */
function checkedConfig({ name, layers }: { name?: unknown; layers?: unknown }): ModelConfig {
  const isList = Array.isArray(layers) && layers.every(isRecord);
  if (isList && (name === undefined || typeof name === "string")) {
    return { name, layers: layers as unknown as ModelConfig["layers"] };
  }
  throw refused(
    "a name and a list of layers as architecture",
    shown({ name, layers }),
    "save the model again",
  );
}

/** What the engine refuses of a file's content is the file's fault. */
async function fitting<Result>(build: () => Promise<Result>): Promise<Result> {
  try {
    return await build();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const got = `a file refused as "${error.message}"`;
    throw refused("an architecture and weights that fit", got, "save the model again", error);
  }
}

function tell({ notes }: StoredModel, { onNote }: LoadOptions): void {
  const print = onNote ?? ((note: string) => console.warn(`loadModel: ${note}`));
  notes.forEach((note) => print(note));
}

function checkOptions(where: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const remedy = "remove it or correct its name";
  throw invalid(where, `options among ${known.join(", ")}`, `"${unknown}"`, remedy);
}
