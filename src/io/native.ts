import type { NamedWeight } from "../model/weights";
import { FormatError, InvalidInputError, describe } from "../runtime/errors";
import { crc32 } from "./crc32";
import { readSafetensors, writeSafetensors } from "./safetensors";
import type { StoredTensor } from "./safetensors";

/** What the native format needs of a model. */
export interface SavableModel {
  /** The architecture, as plain data that JSON can hold. */
  getConfig(): object;
  getWeights(): Promise<NamedWeight[]>;
}

/** What a native model file holds. */
export interface ModelFile {
  /** What the model's `getConfig()` gave. */
  readonly architecture: object;
  /** In Keras's order. */
  readonly weights: NamedWeight[];
  /** The strings that were given to `saveModel`. */
  readonly metadata: Record<string, string>;
}

const format = "webgpu-rnn";
/** Raised whenever a file could be misread by an older reader. */
const version = "1";
const ownKeys = ["format", "version", "architecture", "checksum"] as const;

/**
 * Writes the native format: a safetensors file of the weights under Keras's names. `__metadata__`
 * holds `format`, `version`, `architecture` as JSON, `checksum` over architecture and tensors,
 * and the user's own strings.
 *
 * @throws InvalidInputError when `metadata` uses one of those names or holds something but strings
 */
export async function writeModelFile(
  model: SavableModel,
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array<ArrayBuffer>> {
  checkMetadata(metadata);
  const architecture = JSON.stringify(model.getConfig());
  const weights = await model.getWeights();
  const checksum = checksumOf(
    architecture,
    weights.map(({ data }) => bytesOf(data)),
  );
  return writeSafetensors(weights, { ...metadata, format, version, architecture, checksum });
}

/**
 * Reads the native format.
 *
 * @throws FormatError when the file is damaged, not of this library, or of a later version
 */
export function readModelFile(bytes: Uint8Array): ModelFile {
  const { tensors, metadata, tensorBytes } = readSafetensors(bytes);
  if (metadata.format !== format) {
    const got = metadata.format ? `format "${metadata.format}"` : "a safetensors file of another program";
    const remedy = "make the model and give it the tensors of readSafetensors by setWeights";
    throw new FormatError(describe("loadModel", `a file written by saveModel (${format})`, got, remedy));
  }
  if (metadata.version !== version) {
    throw new FormatError(
      describe("loadModel", `version ${version}`, metadata.version ?? "none", "update webgpu-rnn"),
    );
  }
  const architecture = metadata.architecture ?? "";
  const checksum = checksumOf(architecture, [tensorBytes]);
  if (checksum !== metadata.checksum) {
    const remedy = "use an undamaged copy of the file";
    throw new FormatError(
      describe("loadModel", `checksum ${metadata.checksum ?? "in the metadata"}`, checksum, remedy),
    );
  }
  const own = new Set<string>(ownKeys);
  return {
    architecture: parseArchitecture(architecture),
    weights: [...tensors.values()].map(toWeight),
    metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => !own.has(key))),
  };
}

function checkMetadata(metadata: Readonly<Record<string, string>>): void {
  const taken = ownKeys.find((key) => Object.hasOwn(metadata, key));
  if (taken !== undefined) {
    const expected = `metadata without ${ownKeys.join(", ")}`;
    throw new InvalidInputError(describe("saveModel", expected, `"${taken}"`, "choose another name"));
  }
  for (const [key, value] of Object.entries<unknown>(metadata)) {
    if (typeof value === "string") continue;
    const remedy = "turn it into a string, by JSON.stringify for instance";
    throw new InvalidInputError(describe("saveModel", `a string as metadata "${key}"`, typeof value, remedy));
  }
}

function checksumOf(architecture: string, tensors: readonly Uint8Array[]): string {
  return crc32(new TextEncoder().encode(architecture), ...tensors);
}

function bytesOf(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function parseArchitecture(json: string): object {
  const remedy = "save the model again";
  let architecture: unknown;
  try {
    architecture = JSON.parse(json);
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    throw new FormatError(describe("loadModel", "the architecture as JSON", got, remedy));
  }
  if (typeof architecture === "object" && architecture !== null) return architecture;
  throw new FormatError(describe("loadModel", "an object as architecture", typeof architecture, remedy));
}

function toWeight({ name, shape, dtype, data }: StoredTensor): NamedWeight {
  if (data instanceof Float32Array && dtype === "F32") return { name, shape, data };
  throw new FormatError(describe("loadModel", `F32 as type of "${name}"`, dtype, "save the model again"));
}
