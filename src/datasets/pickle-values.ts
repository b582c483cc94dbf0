import { FormatError, describe } from "../runtime/errors";
import { decodeNumbers } from "./numbers";

/** What a pickle of arrays and lists can hold. */
export type PickleValue =
  | number
  | boolean
  | string
  | null
  | Uint8Array
  | PickleValue[]
  | PickledTuple
  | PickledGlobal
  | PickledDtype
  | PickledArray;

export class PickledTuple {
  constructor(readonly items: PickleValue[]) {}
}

/** A name that the pickle asks for, kept as data: nothing is ever looked up or run. */
export class PickledGlobal {
  constructor(readonly role: Role) {}
}

export class PickledDtype {
  order = "|";
  constructor(readonly code: string) {}
}

/** A one-axis NumPy array: a list where its type is object, else its numbers. */
export class PickledArray {
  items: PickleValue[] | Float64Array = [];
}

type Role = "reconstruct" | "ndarray" | "dtype" | "encode";

/** All that may be asked for; `numpy._core` is NumPy 2's name for `numpy.core`. */
const roles = new Map<string, Role>([
  ["numpy.core.multiarray._reconstruct", "reconstruct"],
  ["numpy._core.multiarray._reconstruct", "reconstruct"],
  ["numpy.ndarray", "ndarray"],
  ["numpy.dtype", "dtype"],
  ["_codecs.encode", "encode"],
]);

export function damagedPickle(where: string, expected: string, got: string): FormatError {
  return new FormatError(describe(where, expected, got, "use an npz that holds lists of whole numbers"));
}

/** The global of that name, where it is one of the few that arrays and lists need. */
export function pickledGlobal(module: string, name: string, where: string): PickledGlobal {
  const role = roles.get(`${module}.${name}`);
  if (role) return new PickledGlobal(role);
  const got = `a pickle that asks for ${JSON.stringify(`${module}.${name}`.slice(0, 80))}`;
  const remedy = "do not trust this file: nothing of it was run";
  throw new FormatError(describe(where, "a pickle of arrays and lists", got, remedy));
}

/** Python 2 wrote text as bytes, so either may stand where text is meant. */
function asText(value: PickleValue): string | undefined {
  if (value instanceof Uint8Array && value.length <= 16) return new TextDecoder("latin1").decode(value);
  return typeof value === "string" ? value : undefined;
}

function encodeLatin1(text: string, where: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255) throw damagedPickle(where, "latin-1 text in _codecs.encode", `character ${code}`);
    bytes[i] = code;
  }
  return bytes;
}

/** What calling a global with these arguments would give. */
export function callGlobal(callee: PickleValue, args: PickleValue, where: string): PickleValue {
  if (callee instanceof PickledGlobal && args instanceof PickledTuple) {
    const [first, second] = args.items;
    if (callee.role === "reconstruct" && first instanceof PickledGlobal && first.role === "ndarray") {
      return new PickledArray();
    }
    if (callee.role === "dtype") {
      const code = asText(first);
      if (code !== undefined) return new PickledDtype(code);
    }
    if (callee.role === "encode" && typeof first === "string" && /^latin-?1$/.test(asText(second) ?? "")) {
      return encodeLatin1(first, where);
    }
  }
  throw damagedPickle(where, "calls that make arrays", "another call in the pickle");
}

/** NumPy's byte order, the second item of the state `(3, '<', None, …)`. */
function buildDtype(target: PickledDtype, state: PickleValue[], where: string): void {
  const order = asText(state[1]);
  if (order === undefined || !/^[<>|=]$/.test(order)) {
    throw damagedPickle(where, "a type with a byte order", "another state");
  }
  target.order = order;
}

/** NumPy's `(version, shape, dtype, isFortran, data)`. */
function buildArray(target: PickledArray, state: PickleValue[], where: string): void {
  const [, shape, dtype, , data] = state;
  const length = shape instanceof PickledTuple && shape.items.length === 1 ? shape.items[0] : undefined;
  if (typeof length !== "number" || !(dtype instanceof PickledDtype)) {
    throw damagedPickle(where, "an array of one axis", "another shape or type");
  }
  if (Array.isArray(data) && dtype.code.startsWith("O") && data.length === length) {
    target.items = data;
  } else if (data instanceof Uint8Array && !dtype.code.startsWith("O")) {
    target.items = decodeNumbers(dtype.order + dtype.code, data, length, where);
  } else {
    throw damagedPickle(where, `${length} items of type '${dtype.code}'`, "other contents");
  }
}

/** What `__setstate__` would do to an array or its type. */
export function setState(target: PickleValue, state: PickleValue, where: string): void {
  if (state instanceof PickledTuple && target instanceof PickledDtype) {
    buildDtype(target, state.items, where);
  } else if (state instanceof PickledTuple && target instanceof PickledArray) {
    buildArray(target, state.items, where);
  } else {
    throw damagedPickle(where, "the state of an array", "the state of something else");
  }
}
