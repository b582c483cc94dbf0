import { describe, FormatError, invalid } from "../runtime/errors";
import { decodeTensor, dtypeBytes, dtypeNames, dtypeOf, isDtypeName } from "./dtypes";
import type { DtypeName, TensorData } from "./dtypes";
import { findDuplicateKey } from "./json-keys";
import { shown } from "./stored-model";

/** A tensor to write: values in row-major order. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** A tensor read from a file, with its element type there. */
export interface StoredTensor extends NamedTensor {
  readonly dtype: DtypeName;
}

/** What a safetensors file holds. */
export interface SafetensorsFile {
  /** In the order of the header. */
  readonly tensors: Map<string, StoredTensor>;
  readonly metadata: Record<string, string>;
  /** The bytes behind the header: all tensors, without gaps. */
  readonly tensorBytes: Uint8Array;
}

const metadataKey = "__metadata__";
const lengthBytes = 8;
const alignment = 8;
/** A third of the bound of the format's own reference implementation: JSON takes many times its bytes in memory. */
const maxHeaderBytes = 2 ** 25;

interface Entry {
  readonly name: string;
  readonly dtype: DtypeName;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Writes tensors as one safetensors file. Wider element types come first, so that every
 * tensor starts at a multiple of its element size; among equals the given order stays.
 *
 * @param tensors names must be unique; `data.length` must be the product of `shape`
 * @param metadata strings for `__metadata__`
 * @returns the file's bytes
 * @throws InvalidInputError when two names are equal or a shape does not fit its data
 * @example
 * const bytes = writeSafetensors([{ name: "w", shape: [2], data: Float32Array.of(1, 2) }], { made: "today" });
 * @see https://huggingface.co/docs/safetensors
 */
export function writeSafetensors(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  checkTensors(tensors);
  const ordered = [...tensors].sort((a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) entries.push([metadataKey, metadata]);
  let offset = 0;
  for (const { name, shape, data } of ordered) {
    const data_offsets = [offset, offset + data.byteLength];
    entries.push([name, { dtype: dtypeOf(data), shape, data_offsets }]);
    offset += data.byteLength;
  }
  const header = new TextEncoder().encode(padded(JSON.stringify(Object.fromEntries(entries))));
  const file = new Uint8Array(lengthBytes + header.length + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, lengthBytes);
  let position = lengthBytes + header.length;
  for (const { data } of ordered) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return file;
}

/**
 * Reads a safetensors file. Nothing of it is trusted: the header's length, its JSON, every
 * element type, shape and range of bytes is checked before a value is touched.
 *
 * @param bytes the whole file
 * @returns the tensors (copies: they keep no hold on `bytes`), the metadata and the tensor bytes
 * @throws FormatError when the file is damaged, cut off or of another kind
 * @example
 * const { tensors, metadata } = readSafetensors(new Uint8Array(await file.arrayBuffer()));
 * const kernel = tensors.get("dense/kernel")?.data;
 * @see https://huggingface.co/docs/safetensors
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  const headerBytes = readHeaderLength(bytes);
  const header = parseHeader(bytes.subarray(lengthBytes, lengthBytes + headerBytes));
  const tensorBytes = bytes.subarray(lengthBytes + headerBytes);
  const { [metadataKey]: metadata, ...rest } = header;
  const entries = Object.entries(rest).map(([name, entry]) => parseEntry(name, entry));
  checkRanges(entries, tensorBytes.length);
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const data = decodeTensor(dtype, Uint8Array.from(tensorBytes.subarray(begin, end)).buffer);
    tensors.set(name, { name, shape, dtype, data });
  }
  return { tensors, metadata: parseMetadata(metadata), tensorBytes };
}

function checkTensors(tensors: readonly NamedTensor[]): void {
  const names = new Set<string>([metadataKey]);
  for (const { name, shape, data } of tensors) {
    if (names.has(name)) {
      const remedy = "rename one of the tensors";
      throw invalid("writeSafetensors", "unique tensor names", `"${name}" twice or reserved`, remedy);
    }
    names.add(name);
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    if (size === data.length) continue;
    const expected = `${String(size)} values for "${name}" of shape [${shape.join(", ")}]`;
    throw invalid("writeSafetensors", expected, String(data.length), "pass the shape that the data has");
  }
}

/** JSON padded with spaces so that the tensors behind it start at a multiple of 8 bytes. */
function padded(json: string): string {
  const bytes = new TextEncoder().encode(json).length;
  return json + " ".repeat((alignment - (bytes % alignment)) % alignment);
}

function damaged(expected: string, got: string, remedy = "use an undamaged copy of the file"): FormatError {
  return new FormatError(describe("readSafetensors", expected, got, remedy));
}

function readHeaderLength(bytes: Uint8Array): number {
  if (bytes.length < lengthBytes) {
    throw damaged("at least 8 bytes of header length", `${String(bytes.length)} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, lengthBytes);
  const length = view.getBigUint64(0, true);
  const limit = Math.min(maxHeaderBytes, bytes.length - lengthBytes);
  if (length < 2n || length > BigInt(limit)) {
    const expected = `a header of 2 to ${String(limit)} bytes in a file of ${String(bytes.length)}`;
    throw damaged(expected, `${String(length)} bytes`, "check that this is a safetensors file, complete");
  }
  return Number(length);
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (error) {
    throw damaged("a header of JSON in UTF-8", error instanceof Error ? error.message : String(error));
  }
  if (!isRecord(header))
    throw damaged("a JSON object as header", Array.isArray(header) ? "an array" : typeof header);
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined)
    throw damaged("every key once", `${JSON.stringify(duplicate)} twice in one object`);
  return header;
}

function parseMetadata(metadata: unknown): Record<string, string> {
  if (metadata === undefined) return {};
  if (!isRecord(metadata)) throw damaged(`an object of strings as ${metadataKey}`, typeof metadata);
  const strings = Object.entries(metadata).map(([key, value]): [string, string] => {
    if (typeof value !== "string") throw damaged(`a string as metadata "${key}"`, typeof value);
    return [key, value];
  });
  return Object.fromEntries(strings);
}

function parseEntry(name: string, entry: unknown): Entry {
  if (!isRecord(entry)) throw damaged(`dtype, shape and data_offsets for tensor "${name}"`, typeof entry);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isDtypeName(dtype)) {
    throw damaged(`one of ${dtypeNames.join(", ")} as dtype of "${name}"`, shown(dtype));
  }
  if (!isListOfSizes(shape)) throw damaged(`whole numbers as shape of "${name}"`, shown(shape));
  if (!isListOfSizes(offsets) || offsets.length !== 2) {
    throw damaged(`two whole numbers as data_offsets of "${name}"`, shown(offsets));
  }
  const [begin, end] = offsets as [number, number];
  const size = shape.reduce((product, dimension) => product * dimension, dtypeBytes(dtype));
  if (!Number.isSafeInteger(size) || end - begin !== size) {
    const expected = `${String(size)} bytes for "${name}" (${dtype} [${shape.join(", ")}])`;
    throw damaged(expected, `data_offsets [${String(begin)}, ${String(end)}]`);
  }
  return { name, dtype, shape, begin, end };
}

/** Every byte behind the header belongs to exactly one tensor. */
function checkRanges(entries: readonly Entry[], available: number): void {
  let expectedBegin = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== expectedBegin) {
      const fault = begin < expectedBegin ? "which overlaps another tensor" : "which leaves a gap";
      throw damaged(`"${name}" at byte ${String(expectedBegin)}`, `${String(begin)}, ${fault}`);
    }
    expectedBegin = end;
  }
  if (expectedBegin !== available) {
    throw damaged(
      `${String(expectedBegin)} bytes of tensors behind the header`,
      `${String(available)} bytes`,
    );
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOfSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
}
