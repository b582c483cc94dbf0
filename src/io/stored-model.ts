import type { Architecture, LayerPlan } from "../model/architecture";
import type { Layer } from "../model/layers";
import type { Optimizer } from "../model/optimizers";
import type { CompileConfig } from "../model/compiled";
import type { OptimizerState } from "../model/training-state";
import type { NamedWeight } from "../model/weights";
import { FormatError, describe } from "../runtime/errors";
import type { TensorData } from "./dtypes";

/** The formats that can be read. */
export type StoredFormat = "safetensors" | "keras" | "h5" | "weights.h5" | "tfjs";

/** An architecture as `Sequential.getConfig` gives it. */
export interface ModelConfig {
  name?: string;
  layers: Layer[];
}

/** A tensor as it lies in a file. */
export interface StoredTensorInfo {
  name: string;
  shape: readonly number[];
  /** As the file's format calls it. */
  dtype: string;
}

/** A layer as it stands in a file, whether the engine has it or not. */
export interface StoredLayer {
  readonly name: string;
  /** Keras's class. */
  readonly className: string;
  /** Why the engine cannot run it, in words; undefined where it can. */
  readonly problem: string | undefined;
  readonly tensors: readonly StoredTensorInfo[];
}

/** A file whose outline has been read and checked; its values are read when they are asked for. */
export interface StoredModel {
  readonly format: StoredFormat;
  /** The program that wrote it, with its version. */
  readonly writer: string;
  /** Undefined in a file of weights alone, and in one whose model the engine cannot run. */
  readonly config: ModelConfig | undefined;
  /** The error that loading the model ends in; undefined where the engine can run it. */
  readonly refusal?: FormatError;
  /** The layers as they stand in the file; undefined in a file of weights alone. */
  readonly layers?: readonly StoredLayer[];
  /** Strings of the user's. */
  readonly metadata: Record<string, string>;
  /** What the file says and this library does otherwise; grows while the file is read. */
  readonly notes: string[];
  /** All tensors, the optimizer's included. */
  readonly tensors: readonly StoredTensorInfo[];
  /**
   * The weights of a model, in its order and under its names.
   *
   * @throws FormatError when they are not in the file, or have another shape or an unreadable type
   */
  weights(architecture: Architecture): NamedWeight[];
  /** The weights as they are, in a file that has them in the engine's order and under its names. */
  ownWeights?(): NamedWeight[];
  /** How the model was compiled; undefined where the file does not say, or says what the engine cannot do. */
  readonly compile: CompileConfig | undefined;
  /** What an optimizer had come to; undefined where the file does not say, or has another one's. */
  state(optimizer: Optimizer, architecture: Architecture): OptimizerState | undefined;
}

/** Plain data as JSON, and its typed arrays as tensors that the JSON names. */
export interface Packed {
  readonly json: string;
  readonly tensors: readonly { name: string; shape: readonly number[]; data: TensorData }[];
}

/** All that is written of a model. */
export interface Snapshot {
  readonly config: ModelConfig;
  /** In Keras's order. */
  readonly weights: readonly NamedWeight[];
  /** Undefined for a model that was never compiled. */
  readonly compile: CompileConfig | undefined;
  /** Undefined where it has not trained. */
  readonly state: OptimizerState | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** Of a checkpoint: where its training is, for the native format. */
  readonly position?: Packed;
}

/** The weights of one layer among those of a model, in the layer's order. */
export function weightsOf(layer: LayerPlan, weights: readonly NamedWeight[]): NamedWeight[] {
  return layer.weights.flatMap(({ name }) => weights.filter((weight) => weight.name === name));
}

/** Strings of the user's in a file; whatever else stands there is not taken. */
export function stringsOf(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** The error of a file that cannot be taken as it is. */
export function refused(
  expected: string,
  got: string,
  remedy = "use an undamaged copy of the file",
  cause?: unknown,
): FormatError {
  return new FormatError(describe("loadModel", expected, got, remedy), { cause });
}

/** Longer than any configuration; a few bytes of JSON can become a hundred in memory. */
const maxJson = 2 ** 24;

/** JSON of a file, as an object. */
export function parseJson(text: string, what: string): Record<string, unknown> {
  if (text.length > maxJson) {
    throw refused(`at most ${maxJson} bytes of ${what}`, String(text.length), "do not use this file");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refused(`${what} as JSON`, error instanceof Error ? error.message : String(error));
  }
  if (isRecord(value)) return value;
  throw refused(`${what} as a JSON object`, Array.isArray(value) ? "an array" : typeof value);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value of a file in a message: short, whatever it is. */
export function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : (asJson(value) ?? typeof value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** Parsing takes any depth, writing does not. */
function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return "values nested too deep";
  }
}

/** UTF-8 that must be UTF-8. */
export function decodeText(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw refused(`${what} as UTF-8`, "other bytes", undefined, error);
  }
}
