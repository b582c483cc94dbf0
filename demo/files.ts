import { inspectModel, saveModel, type ModelFormat } from "webgpu-rnn/io";
import { make } from "./dom";
import { fromMetadata, toMetadata, type Model, type Preprocessing } from "./net";

/** What a net can be taken along as. */
export const downloads: readonly { format: ModelFormat; label: string; name: string }[] = [
  { format: "safetensors", label: "safetensors", name: "simple-rnn.safetensors" },
  { format: "keras", label: "Keras", name: "simple-rnn.keras" },
  { format: "tfjs", label: "TF.js", name: "" },
  { format: "onnx", label: "ONNX", name: "simple-rnn.onnx" },
];

/** A net as files: one, but for TF.js. */
export async function toFiles(
  { layers, weights, preprocessing }: Model,
  { format, name }: (typeof downloads)[number],
): Promise<File[]> {
  const savable = {
    getConfig: () => ({ name: "sequential", layers }),
    getWeights: () => Promise.resolve(weights),
  };
  const saved = await saveModel(savable, format, { metadata: toMetadata(preprocessing) });
  const files = saved instanceof Uint8Array ? { [name]: saved } : saved;
  return Object.entries(files).map(
    ([file, bytes]) => new File([bytes], file, { type: "application/octet-stream" }),
  );
}

/**
 * The net of a model file.
 *
 * @param guess what the words are in a file that does not say so, for a vocabulary of that size
 * @throws {Error} the file is damaged, of a kind that cannot be read, or holds weights alone.
 */
export async function fromFile(
  source: Blob | readonly File[],
  guess?: (vocabularySize: number, maxlen: number | undefined) => Promise<Preprocessing>,
): Promise<Model> {
  const { architecture, weights, metadata } = await inspectModel(source);
  if (!architecture) throw new Error("The file holds weights alone, without the layers they belong to.");
  // Plain data: the functions of the initialisers cannot go to a worker.
  const { layers } = JSON.parse(JSON.stringify(architecture)) as Pick<Model, "layers">;
  const preprocessing = fromMetadata(metadata) ?? (await guess?.(...sizesOf(layers)));
  if (!preprocessing) throw new Error("The file does not say which words its numbers stand for.");
  return { layers, weights, preprocessing };
}

/** V, and T where the file fixes it. */
function sizesOf(layers: Model["layers"]): [vocabularySize: number, maxlen: number | undefined] {
  const embedding = layers.find((layer) => layer.className === "Embedding");
  const input = layers.find((layer) => layer.className === "InputLayer");
  return [embedding?.inputDim ?? 0, input?.shape.at(-1) ?? undefined];
}

/** Hands a file to the browser's downloads. */
export function offer(file: File): void {
  const url = URL.createObjectURL(file);
  make("a", { href: url, download: file.name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
