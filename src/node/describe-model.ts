import { planArchitecture } from "../model/architecture";
import { sequentialFromConfig } from "../model/sequential";
import { formatTable } from "../model/text-table";
import type { StoredLayer, StoredModel, StoredTensorInfo } from "../io/stored-model";
import { openModelFile } from "./model-files";

/** What a model file holds, as `webgpu-rnn info` prints it. */
export interface ModelDescription {
  path: string;
  /** Of the file, or of all files of a TF.js model. */
  bytes: number;
  format: StoredModel["format"];
  /** The program that wrote it. */
  writer: string;
  /** Keras's table of the layers; undefined in a file of weights alone, or of a model that the engine cannot run. */
  summary: string | undefined;
  /** The layers as they stand in the file; undefined in a file of weights alone. */
  layers: readonly StoredLayer[] | undefined;
  /** Why the engine cannot run the model; undefined where it can. */
  refusal: string | undefined;
  /** All that is stored, the optimizer's variables included. */
  tensors: readonly StoredTensorInfo[];
  /** Optimizer, loss and metrics in words; undefined where the model was not compiled. */
  compiled: string | undefined;
  /** Steps that the optimizer has taken; undefined where its state is not in the file. */
  iterations: number | undefined;
  metadata: Record<string, string>;
  /** What the file says and this library does otherwise. */
  notes: readonly string[];
}

/**
 * Reads what a model file holds, of models with layers that the engine lacks, too. Needs no GPU.
 *
 * @throws FormatError when the file is damaged, or of a kind that cannot be read
 * @throws InvalidInputError when there is no such file
 * @example
 * console.log(formatDescription(await describeModel("imdb.keras")));
 */
export async function describeModel(path: string): Promise<ModelDescription> {
  const stored = await openModelFile(path);
  const { bytes, format, writer, tensors, compile, config, metadata, notes, layers, refusal } = stored;
  const architecture = config && planArchitecture(config.layers);
  const state = compile && architecture && stored.state(compile.optimizer, architecture);
  // A file whose weights do not fit its layers is damaged, and says so here.
  if (architecture) stored.weights(architecture);
  const summary = config && sequentialFromConfig(config).build([null, architecture?.steps ?? null]);
  return {
    path,
    bytes,
    format,
    writer,
    summary: summary?.summary({ print: () => undefined }),
    layers,
    refusal: refusal?.message,
    tensors,
    compiled:
      compile &&
      [
        `${compile.optimizer.name} at ${Number(compile.optimizer.learningRate.toPrecision(6))}`,
        compile.loss.kind + (compile.loss.fromLogits ? " from logits" : ""),
        ...compile.metrics,
      ].join(", "),
    iterations: state?.iterations,
    metadata,
    notes,
  };
}

const formatNames: Record<StoredModel["format"], string> = {
  safetensors: "safetensors of webgpu-rnn",
  keras: ".keras archive",
  h5: "Keras .h5",
  "weights.h5": "Keras .weights.h5, weights alone",
  tfjs: "TF.js layers model",
};

/** Characters of a table, as of Keras's. */
const tableWidth = 100;

const number = (value: number): string => value.toLocaleString("en-US");

/** The text that `webgpu-rnn info` prints. */
export function formatDescription(description: ModelDescription): string {
  const { path, bytes, format, writer, summary, tensors, compiled, iterations, metadata, notes } =
    description;
  const list = tensors.map(({ name, shape, dtype }) => [name, `[${shape.join(", ")}]`, dtype] as const);
  const width = (column: 0 | 1): number => Math.max(0, ...list.map((row) => row[column].length));
  const values = tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const steps = iterations === undefined ? "without its state" : `after ${number(iterations)} steps`;
  return [
    `${path}: ${formatNames[format]}, ${number(bytes)} bytes, written by ${writer}`,
    ...(summary === undefined ? tableOf(description) : [summary.trimEnd()]),
    compiled === undefined ? "Not compiled" : `Compiled: ${compiled}; optimizer ${steps}`,
    `Tensors: ${tensors.length}, ${number(values)} values`,
    ...list.map(([name, shape, dtype]) => `  ${name.padEnd(width(0))}  ${shape.padEnd(width(1))}  ${dtype}`),
    ...Object.entries(metadata).map(([key, value]) => `Metadata ${key}: ${short(value)}`),
    ...notes.map((note) => `Note: ${note}`),
    "",
  ].join("\n");
}

/** The layers of a model that the engine cannot run, those marked that it lacks. */
function tableOf({ layers, refusal }: ModelDescription): string[] {
  if (!layers || refusal === undefined) return [];
  const rows = layers.map(({ name, className, problem, tensors }) => {
    const values = tensors.map(({ shape }) => shape.reduce((a, b) => a * b, 1)).reduce((a, b) => a + b, 0);
    const shapes = tensors.map(({ shape }) => `[${shape.join(", ")}]`).join(" ");
    return [`${name} (${className})`, shapes, number(values), problem === undefined ? "yes" : "no"];
  });
  const columns = [
    { header: "Layer (type)", align: "left", end: 0.4 },
    { header: "Weights", align: "left", end: 0.75 },
    { header: "Param #", align: "right", end: 0.88 },
    { header: "Supported", align: "left", end: 1 },
  ] as const;
  const problems = layers.filter(({ problem }) => problem !== undefined);
  return [
    ...formatTable(columns, rows, tableWidth),
    ...problems.map(({ name, className, problem }) => `Not supported: ${className} "${name}": ${problem}`),
    ...(problems.length === 0 ? [`Not supported: ${refusal}`] : []),
  ];
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}… (${number(text.length)} characters)` : text;
}
