import { isTensorData, type TensorData } from "./dtypes";
import type { NamedTensor } from "./safetensors";
import { isRecord, refused, type Packed } from "./stored-model";

/** Stands for a typed array: its number. */
const tensorKey = "$tensor";
/** Stands for a number that JSON has not: NaN, the infinities, -0. */
const numberKey = "$number";

/**
 * Turns plain data into JSON and tensors, so that `unpack` gives the same bits back.
 *
 * @param value numbers, strings, booleans, null, arrays, objects and typed arrays; what is undefined is left out
 * @param prefix of the tensors' names
 */
export function pack(value: unknown, prefix: string): Packed {
  const tensors: NamedTensor[] = [];
  const replaced = (part: unknown): unknown => {
    if (typeof part === "number") {
      return Number.isFinite(part) && !Object.is(part, -0) ? part : { [numberKey]: textOf(part) };
    }
    if (isTensorData(part)) {
      tensors.push({ name: `${prefix}${tensors.length}`, shape: [part.length], data: part });
      return { [tensorKey]: tensors.length - 1 };
    }
    if (Array.isArray(part)) return part.map(replaced);
    if (!isRecord(part)) return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, replaced(inner)]));
  };
  const json = JSON.stringify(replaced(value));
  return { json, tensors };
}

/**
 * What `pack` was given.
 *
 * @param value the parsed JSON
 * @throws FormatError when a tensor that it names is not there
 */
export function unpack(
  value: unknown,
  tensors: ReadonlyMap<string, { data: TensorData }>,
  prefix: string,
): unknown {
  if (Array.isArray(value)) return value.map((part) => unpack(part, tensors, prefix));
  if (!isRecord(value)) return value;
  const [key, ...others] = Object.keys(value);
  if (others.length === 0 && key === numberKey) return Number(value[key]);
  if (others.length === 0 && key === tensorKey) {
    const tensor = tensors.get(`${prefix}${String(value[key])}`);
    if (!tensor) throw refused(`a tensor ${prefix}${String(value[key])}`, "none");
    return tensor.data;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, unpack(part, tensors, prefix)]),
  );
}

function textOf(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
