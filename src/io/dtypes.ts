/**
 * The element types of safetensors and how their bytes become typed arrays.
 * Typed arrays are little-endian on every platform that has WebGPU, as the format is.
 */

/** What a tensor's values are held in after reading; F16 and BF16 are widened to Float32Array. */
export type TensorData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

interface Dtype {
  /** Bytes of one element in the file. */
  readonly bytes: number;
  /** Turns a copy of the tensor's bytes into values. */
  readonly decode: (buffer: ArrayBuffer) => TensorData;
}

const dtypes = {
  F64: { bytes: 8, decode: (buffer) => new Float64Array(buffer) },
  I64: { bytes: 8, decode: (buffer) => new BigInt64Array(buffer) },
  U64: { bytes: 8, decode: (buffer) => new BigUint64Array(buffer) },
  F32: { bytes: 4, decode: (buffer) => new Float32Array(buffer) },
  I32: { bytes: 4, decode: (buffer) => new Int32Array(buffer) },
  U32: { bytes: 4, decode: (buffer) => new Uint32Array(buffer) },
  F16: { bytes: 2, decode: (buffer) => Float32Array.from(new Uint16Array(buffer), float16ToNumber) },
  BF16: { bytes: 2, decode: decodeBfloat16 },
  I16: { bytes: 2, decode: (buffer) => new Int16Array(buffer) },
  U16: { bytes: 2, decode: (buffer) => new Uint16Array(buffer) },
  I8: { bytes: 1, decode: (buffer) => new Int8Array(buffer) },
  U8: { bytes: 1, decode: (buffer) => new Uint8Array(buffer) },
  BOOL: { bytes: 1, decode: (buffer) => new Uint8Array(buffer) },
} as const satisfies Record<string, Dtype>;

/** The name of an element type as it stands in a safetensors header. */
export type DtypeName = keyof typeof dtypes;

/** The names of all element types that can be read. */
export const dtypeNames = Object.keys(dtypes) as DtypeName[];

/** Whether `name` is an element type that can be read. */
export function isDtypeName(name: unknown): name is DtypeName {
  return typeof name === "string" && Object.hasOwn(dtypes, name);
}

/** Whether `value` is a typed array that can be written. */
export function isTensorData(value: unknown): value is TensorData {
  return ArrayBuffer.isView(value) && !(value instanceof DataView || value instanceof Uint8ClampedArray);
}

/** Bytes of one element of type `name` in a file. */
export function dtypeBytes(name: DtypeName): number {
  return dtypes[name].bytes;
}

/** Values of type `name` from a buffer that holds only them. */
export function decodeTensor(name: DtypeName, buffer: ArrayBuffer): TensorData {
  return dtypes[name].decode(buffer);
}

/** The element type under which `data` is written. */
export function dtypeOf(data: TensorData): DtypeName {
  if (data instanceof Float64Array) return "F64";
  if (data instanceof Float32Array) return "F32";
  if (data instanceof BigInt64Array) return "I64";
  if (data instanceof BigUint64Array) return "U64";
  if (data instanceof Int32Array) return "I32";
  if (data instanceof Uint32Array) return "U32";
  if (data instanceof Int16Array) return "I16";
  if (data instanceof Uint16Array) return "U16";
  return data instanceof Int8Array ? "I8" : "U8";
}

/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** bfloat16 is the upper half of a float32. */
function decodeBfloat16(buffer: ArrayBuffer): Float32Array {
  const halves = new Uint16Array(buffer);
  const words = Uint32Array.from(halves, (half) => (half << 16) >>> 0);
  return new Float32Array(words.buffer);
}
