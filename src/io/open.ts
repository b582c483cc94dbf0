import { describe, invalid, InvalidInputError } from "../runtime/errors";
import { readKerasArchive } from "./keras/archive";
import { isLegacyH5, readLegacyH5 } from "./keras/legacy-h5";
import { readTfjs } from "./tfjs/read";
import { detectKind, kindNames } from "./detect";
import { openHdf5 } from "./hdf5/reader";
import { isWeightsH5, readWeightsH5 } from "./keras/weights-h5";
import { refused } from "./stored-model";
import { alone, besideFiles, besideUrl, fetchBytes, toBytes } from "./tfjs/files";
import { readModelFile } from "./native";
import type { FileKind } from "./detect";
import type { StoredModel } from "./stored-model";
import type { Beside, ModelFiles } from "./tfjs/files";

/**
 * Where a model can be loaded from: a file's bytes, a `File` or `Blob`, an address, or for TF.js all files of a
 * model by name.
 */
export type ModelSource = Uint8Array | ArrayBuffer | Blob | URL | string | ModelFiles | readonly File[];

/** Opens a model file of any kind that can be read, and checks its outline. */
export async function openModel(source: ModelSource): Promise<StoredModel> {
  const { bytes, beside } = await locate(source);
  const kind = detectKind(bytes);
  const read = readers[kind];
  if (read) return read(bytes, beside);
  const remedy =
    kind === "onnx"
      ? "ONNX files are written, not read; pass the file it was made from"
      : "pass a .safetensors, .keras, .h5, .weights.h5 or TF.js file";
  throw refused("a model file", kindNames[kind], remedy);
}

type Reader = (bytes: Uint8Array, beside: Beside) => Promise<StoredModel> | StoredModel;

const readers: Partial<Record<FileKind, Reader>> = {
  safetensors: readModelFile,
  keras: readKerasArchive,
  h5: readH5,
  tfjs: readTfjs,
};

async function readH5(bytes: Uint8Array): Promise<StoredModel> {
  const file = await openHdf5(bytes);
  if (isLegacyH5(file)) return readLegacyH5(file);
  if (isWeightsH5(file)) return readWeightsH5(file);
  const got = file
    .list()
    .slice(0, 4)
    .map(({ name }) => name);
  const remedy = "save the model again with model.save or model.save_weights";
  throw refused(
    "an HDF5 file with model_config, layer_names or layers",
    got.join(", ") || "an empty one",
    remedy,
  );
}

async function locate(source: ModelSource): Promise<{ bytes: Uint8Array; beside: Beside }> {
  if (typeof source === "string" || source instanceof URL) return locateUrl(source);
  if (isFiles(source)) return locateFiles(filesByName(source));
  return { bytes: await toBytes(source), beside: alone };
}

async function locateUrl(address: string | URL): Promise<{ bytes: Uint8Array; beside: Beside }> {
  const base = (globalThis as { location?: { href: string } }).location?.href;
  let url: URL;
  try {
    url = new URL(address, base);
  } catch (cause) {
    const remedy = "in Node, read paths by loadModelFile of webgpu-rnn/node";
    throw new InvalidInputError(describe("loadModel", "an address", JSON.stringify(address), remedy), {
      cause,
    });
  }
  return { bytes: await fetchBytes(url), beside: besideUrl(url, fetchBytes) };
}

function isFiles(source: object): source is ModelFiles | readonly File[] {
  if (Array.isArray(source)) return true;
  return source !== null && Object.getPrototypeOf(source) === Object.prototype;
}

function filesByName(files: ModelFiles | readonly File[]): ModelFiles {
  return Array.isArray(files)
    ? Object.fromEntries((files as readonly File[]).map((file) => [file.name, file]))
    : (files as ModelFiles);
}

/** One file, or a TF.js model's, of which `model.json` names the others. */
async function locateFiles(files: ModelFiles): Promise<{ bytes: Uint8Array; beside: Beside }> {
  const names = Object.keys(files);
  const main = names.length === 1 ? names[0] : names.find((name) => /(^|\/)[^/]*model\.json$/.test(name));
  if (main === undefined) {
    const remedy = "pass model.json and its shards by their names";
    throw invalid("loadModel", "model.json among the files", names.join(", "), remedy);
  }
  return { bytes: await toBytes(files[main]), beside: besideFiles(files) };
}
