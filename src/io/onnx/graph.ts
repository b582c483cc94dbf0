import { concat } from "../../files/concat";
import { float, int, ints, message, text } from "./protobuf";
import type { Parts } from "./protobuf";

/** Element types, by ONNX's numbers. */
export const elementTypes = { float: 1, int32: 6, int64: 7 } as const;
const attributeTypes = { float: 1, int: 2, text: 3, tensor: 4, floats: 6, ints: 7, strings: 8 } as const;

/** The opset that is written: old enough for every runtime in use. */
const opset = 14;
const irVersion = 8;

/** An attribute of a node. */
export type Attribute =
  | { int: number }
  | { float: number }
  | { text: string }
  | { ints: readonly number[] }
  | { floats: readonly number[] }
  | { strings: readonly string[] }
  /** One int64. */
  | { tensor: number };

/** A dimension: a size, or the name of one that is known when the model runs. */
export type Dimension = number | string;

/** A graph in the making: nodes in the order in which they run, constants by name. */
export class Graph {
  readonly #nodes: Parts[] = [];
  readonly #constants: Parts[] = [];
  readonly #numbers = new Map<string, string>();
  #count = 0;

  /** A float tensor that is part of the model. */
  constant(name: string, shape: readonly number[], data: Float32Array): string {
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return this.#constant(name, shape, elementTypes.float, raw);
  }

  /** A list of integers that is part of the model, such as axes. */
  integers(values: readonly number[]): string {
    const raw = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#once(`integers_${values.join("_")}`, [values.length], elementTypes.int64, raw);
  }

  /** One whole number, to compute with. */
  integer(value: number, type: typeof elementTypes.int32 | typeof elementTypes.int64): string {
    const isLong = type === elementTypes.int64;
    const { buffer } = isLong ? BigInt64Array.of(BigInt(value)) : Int32Array.of(value);
    return this.#once(`${isLong ? "int64" : "int32"}_${value}`, [], type, new Uint8Array(buffer));
  }

  /** One float. */
  scalar(value: number): string {
    return this.#once(
      `float_${value}`,
      [],
      elementTypes.float,
      new Uint8Array(Float32Array.of(value).buffer),
    );
  }

  /** A name that nothing else in the graph has. */
  name(base: string): string {
    return `${base}_${this.#count++}`;
  }

  /**
   * Adds a node.
   *
   * @param inputs names; empty for an optional input that is left out
   * @param output its name, made up where none is given; further outputs come first in `before`
   * @returns the output's name
   */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    output?: string,
    before: readonly string[] = [],
  ): string {
    const name = this.name(operator);
    const result = output ?? `${name}_output`;
    this.#nodes.push([
      ...inputs.flatMap((input) => text(1, input)),
      ...[...before, result].flatMap((made) => text(2, made)),
      ...text(3, name),
      ...text(4, operator),
      ...Object.entries(attributes).flatMap(([key, value]) => message(5, attribute(key, value))),
    ]);
    return result;
  }

  /** The bytes of an ONNX file. */
  toFile(model: {
    name: string;
    input: { name: string; shape: readonly Dimension[] };
    output: { name: string; shape: readonly Dimension[] };
    metadata: Readonly<Record<string, string>>;
  }): Uint8Array<ArrayBuffer> {
    const graph = [
      ...this.#nodes.flatMap((node) => message(1, node)),
      ...text(2, model.name),
      ...this.#constants.flatMap((constant) => message(5, constant)),
      ...message(11, value(model.input, elementTypes.int32)),
      ...message(12, value(model.output, elementTypes.float)),
    ];
    const entries = Object.entries(model.metadata);
    return concat([
      ...int(1, irVersion),
      ...text(2, "webgpu-rnn"),
      ...message(7, graph),
      ...message(8, text(1, ""), int(2, opset)),
      ...entries.flatMap(([key, entry]) => message(14, text(1, key), text(2, entry))),
    ]);
  }

  /** Equal numbers are stored once. */
  #once(name: string, shape: readonly number[], type: number, raw: Uint8Array): string {
    const found = this.#numbers.get(name);
    if (found !== undefined) return found;
    const made = this.#constant(`const_${name}`, shape, type, raw);
    this.#numbers.set(name, made);
    return made;
  }

  #constant(name: string, shape: readonly number[], type: number, raw: Uint8Array): string {
    this.#constants.push([...ints(1, shape), ...int(2, type), ...text(8, name), ...message(9, [raw])]);
    return name;
  }
}

function attribute(name: string, given: Attribute): Parts {
  const key = text(1, name);
  if ("int" in given) return [...key, ...int(3, given.int), ...int(20, attributeTypes.int)];
  if ("float" in given) return [...key, ...float(2, given.float), ...int(20, attributeTypes.float)];
  if ("text" in given) return [...key, ...text(4, given.text), ...int(20, attributeTypes.text)];
  if ("ints" in given) return [...key, ...ints(8, given.ints), ...int(20, attributeTypes.ints)];
  if ("floats" in given) {
    const floats = given.floats.flatMap((entry) => float(7, entry));
    return [...key, ...floats, ...int(20, attributeTypes.floats)];
  }
  if ("tensor" in given) {
    const raw = new Uint8Array(BigInt64Array.of(BigInt(given.tensor)).buffer);
    const tensor = [...ints(1, [1]), ...int(2, elementTypes.int64), ...message(9, [raw])];
    return [...key, ...message(5, tensor), ...int(20, attributeTypes.tensor)];
  }
  const strings = given.strings.flatMap((entry) => text(9, entry));
  return [...key, ...strings, ...int(20, attributeTypes.strings)];
}

function value({ name, shape }: { name: string; shape: readonly Dimension[] }, type: number): Parts {
  const dimensions = shape.flatMap((size) =>
    message(1, typeof size === "number" ? int(1, size) : text(2, size)),
  );
  const tensor = message(1, int(1, type), message(2, dimensions));
  return [...text(1, name), ...message(2, tensor)];
}
