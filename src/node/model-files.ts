import { stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { buildModel, loadWeights } from "../io/load";
import type { LoadOptions } from "../io/load";
import { openModel } from "../io/open";
import type { ModelSource } from "../io/open";
import { saveModel } from "../io/save";
import type { ModelFormat, SavableModel, SaveOptions } from "../io/save";
import type { StoredModel } from "../io/stored-model";
import { checkPath } from "../io/tfjs/files";
import type { Sequential } from "../model/sequential";
import { invalid } from "../runtime/errors";
import { readFile, writeFileAtomic } from "./files";

/**
 * A model from a file: see `loadModel` of `webgpu-rnn/io`.
 *
 * @param path of the file; for TF.js of `model.json`, or of its folder
 * @throws InvalidInputError when there is no such file
 * @example
 * const model = await loadModelFile("models/imdb.keras");
 */
export async function loadModelFile(path: string, options: LoadOptions = {}): Promise<Sequential> {
  return buildModel(await openModelFile(path), options);
}

/** Replaces a model's weights by those of a file: see `loadWeights` of `webgpu-rnn/io`. */
export async function loadWeightsFile(
  model: Sequential,
  path: string,
  options: Pick<LoadOptions, "onNote"> = {},
): Promise<void> {
  await loadWeights(model, (await sourceOf(path)).source, options);
}

/**
 * Writes a model to a file, whole or not at all.
 *
 * @param path its ending says the format: `.safetensors`, `.keras`, `.h5`, `.onnx`; `model.json` or a folder for TF.js
 * @returns the files written
 * @throws InvalidInputError for another ending, or a model that the format cannot hold
 * @example
 * await saveModelFile(model, "artifacts/imdb.onnx");
 */
export async function saveModelFile(
  model: SavableModel,
  path: string,
  options: SaveOptions & { format?: ModelFormat } = {},
): Promise<string[]> {
  const { format = formatOf(path), ...rest } = options;
  const saved = await saveModel(model, format, rest);
  if (saved instanceof Uint8Array) {
    await writeFileAtomic(path, saved);
    return [path];
  }
  const folder = extname(path) === ".json" ? dirname(path) : path;
  const named = extname(path) === ".json" ? basename(path) : "model.json";
  const { "model.json": json, ...shards } = saved;
  // The file that names the others comes last: what can be found is complete.
  const files = [...Object.entries(shards), [named, json] as const];
  for (const [name, bytes] of files) await writeFileAtomic(join(folder, name), bytes);
  return files.map(([name]) => join(folder, name));
}

/**
 * `webgpu-rnn convert IN OUT`: writes a model in another format. Needs no GPU; keeps the weights bit for bit, and
 * how the model was compiled, its optimizer's state and the metadata where OUT's format has a place for them.
 *
 * @returns the files written, and what IN says that this library does otherwise
 * @throws FormatError, InvalidInputError as `loadModelFile` and `saveModelFile` do; nothing is written then
 * @example
 * const { files } = await convertModel("simple_rnn_imdb.h5", "imdb.onnx");
 */
export async function convertModel(
  input: string,
  output: string,
  options: { format?: ModelFormat } = {},
): Promise<{ files: string[]; notes: string[] }> {
  const format = options.format ?? formatOf(output);
  const stored = await openModelFile(input);
  const notes: string[] = [];
  const model = await buildModel(stored, { onNote: (note) => notes.push(note) });
  const files = await saveModelFile(model, output, { format, metadata: stored.metadata });
  return { files, notes };
}

/** An opened model file; of any format that can be read. */
export async function openModelFile(path: string): Promise<StoredModel & { bytes: number }> {
  const { source, bytes } = await sourceOf(path);
  return Object.assign(await openModel(source), { bytes });
}

const formats: Record<string, ModelFormat> = {
  ".safetensors": "safetensors",
  ".keras": "keras",
  ".h5": "h5",
  ".hdf5": "h5",
  ".onnx": "onnx",
  ".json": "tfjs",
  "": "tfjs",
};

/** The format that a path's ending stands for. */
function formatOf(path: string): ModelFormat {
  const format = path.endsWith(".weights.h5") ? undefined : formats[extname(path).toLowerCase()];
  if (format !== undefined) return format;
  const expected = "a path that ends in .safetensors, .keras, .h5, .onnx or model.json";
  throw invalid("saveModelFile", expected, `"${path}"`, "choose another name");
}

async function sourceOf(path: string): Promise<{ source: ModelSource; bytes: number }> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
  const main = isFolder ? join(path, "model.json") : path;
  const bytes = await readFile(main);
  if (extname(main) !== ".json") return { source: bytes, bytes: bytes.length };
  const files: Record<string, Uint8Array> = { "model.json": bytes };
  for (const shard of shardsOf(bytes)) files[shard] = await readFile(join(dirname(main), checkPath(shard)));
  const size = Object.values(files).reduce((sum, { length }) => sum + length, 0);
  return { source: files, bytes: size };
}

/** The shards that `model.json` names; whether it is one is for `openModel` to say. */
function shardsOf(json: Uint8Array): string[] {
  try {
    const { weightsManifest } = JSON.parse(new TextDecoder().decode(json)) as {
      weightsManifest: { paths: string[] }[];
    };
    return weightsManifest.flatMap(({ paths }) => paths);
  } catch {
    return [];
  }
}
