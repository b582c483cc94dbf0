import { formatTable } from "./text-table";
import type { Column } from "./text-table";

/** One row of a summary. */
export interface LayerSummary {
  readonly name: string;
  /** Keras's class: `"SimpleRNN"`. */
  readonly className: string;
  /** `null` where a size is open (the batch, an unknown input length); undefined before building. */
  readonly outputShape: readonly (number | null)[] | undefined;
  /** Number of weights; undefined before building. */
  readonly parameters: number | undefined;
}

/** What a summary tells of a model. All weights are float32. */
export interface ModelSummary {
  readonly name: string;
  readonly layers: readonly LayerSummary[];
  readonly trainable: number;
  readonly nonTrainable: number;
  /** Number of the optimizer's variables, once it has any. */
  readonly optimizer?: number;
}

/** Keras never prints wider tables. */
const widestTable = 88;
const bytesPerParameter = 4;

const columns: readonly Column[] = [
  { header: "Layer (type)", align: "left", end: 0.45 },
  { header: "Output Shape", align: "left", end: 0.8 },
  { header: "Param #", align: "right", end: 1 },
];

/**
 * Keras 3's box table of a model, to the character.
 *
 * @param width of the terminal in characters; the table takes at most 88 and leaves four free
 * @returns the text, without a line break at its end
 * @throws InvalidInputError when the terminal is narrower than the table can be (20 characters)
 * @example
 * const layer = { name: "dense", className: "Dense", outputShape: [null, 1], parameters: 33 };
 * console.log(formatSummary({ name: "sequential", layers: [layer], trainable: 33, nonTrainable: 0 }, 80));
 * @see https://keras.io/api/models/model/#summary-method
 */
export function formatSummary(model: ModelSummary, width = 80): string {
  const { name, layers, trainable, nonTrainable, optimizer } = model;
  const total = trainable + nonTrainable + (optimizer ?? 0);
  return [
    `Model: "${name}"`,
    ...formatTable(columns, layers.map(layerCells), Math.min(widestTable, width - 4)),
    ` Total params: ${countAndSize(total)}`,
    ` Trainable params: ${countAndSize(trainable)}`,
    ` Non-trainable params: ${countAndSize(nonTrainable)}`,
    ...(optimizer === undefined ? [] : [` Optimizer params: ${countAndSize(optimizer)}`]),
  ].join("\n");
}

function layerCells({ name, className, outputShape, parameters }: LayerSummary): string[] {
  const shape = outputShape ? `(${outputShape.map((size) => size ?? "None").join(", ")})` : "?";
  return [`${name} (${className})`, shape, parameters === undefined ? "0 (unbuilt)" : grouped(parameters)];
}

function countAndSize(parameters: number): string {
  return `${grouped(parameters)} (${readableSize(parameters * bytesPerParameter)})`;
}

/** 1234567 as 1,234,567, whatever the locale. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Bytes in the largest unit that leaves at least one, with two decimals. */
function readableSize(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${size.toFixed(2)} ${units[unit]}`;
}
