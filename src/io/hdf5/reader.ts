import type * as Jsfive from "jsfive";
import type { Dataset, Group } from "jsfive";
import { FormatError } from "../../runtime/errors";
import { refused } from "../stored-model";
import type { StoredTensorInfo } from "../stored-model";
import { ReadingBudget } from "./budget";

/** A dataset's values: floats as float32, whole numbers as float64, which holds them exactly. */
export interface Hdf5Values {
  readonly shape: readonly number[];
  /** As NumPy writes it: `"<f4"`. */
  readonly dtype: string;
  readonly data: Float32Array | Float64Array;
}

/** Depth and number of objects beyond which no Keras file goes. */
const maxDepth = 16;
const maxObjects = 20_000;
/** Weights can be folded, but not by this much; what claims more is a bomb. */
const maxExpansion = 64;
const smallFile = 2 ** 20;
/** Number of the filter in the HDF5 specification. */
const deflateFilter = 1;

const dtypes: Record<string, number | undefined> = {
  f2: 2,
  f4: 4,
  f8: 8,
  i1: 1,
  i2: 2,
  i4: 4,
  i8: 8,
  u1: 1,
  u2: 2,
  u4: 4,
  u8: 8,
};

/**
 * Opens an HDF5 file for reading. The reader, jsfive, is loaded with the first file.
 *
 * @throws FormatError when the bytes are no HDF5 file, a damaged one, or one without end
 */
export async function openHdf5(bytes: Uint8Array): Promise<Hdf5File> {
  checkLength(bytes);
  const jsfive = await import("jsfive");
  const budget = new ReadingBudget(bytes.length, maxExpansion);
  return guarded(() => {
    const root = new jsfive.File(budget.guard(bytes), "");
    return new Hdf5File(root, jsfive, budget);
  });
}

/** An HDF5 file, with its groups and datasets by path. */
export class Hdf5File {
  readonly #groups = new Map<string, Group>();
  readonly #datasets = new Map<string, Dataset>();
  readonly #jsfive: Pick<typeof Jsfive, "Group" | "Filters">;
  readonly #budget: ReadingBudget;
  /** Bytes of values that may still be read: what a file of this size can hold. */
  #left: number;

  constructor(root: Group, jsfive: Pick<typeof Jsfive, "Group" | "Filters">, budget: ReadingBudget) {
    this.#jsfive = jsfive;
    this.#budget = budget;
    this.#left = maxExpansion * budget.fileBytes + smallFile;
    this.#visit("", root, 0);
  }

  /** The paths of all datasets. */
  get paths(): string[] {
    return [...this.#datasets.keys()];
  }

  /** All datasets: path, shape, type. */
  list(): StoredTensorInfo[] {
    return this.paths.map((name) => ({ name, ...this.info(name) }));
  }

  hasGroup(path: string): boolean {
    return this.#groups.has(path);
  }

  hasDataset(path: string): boolean {
    return this.#datasets.has(path);
  }

  /** The attributes of a group; strings without the zeros that fixed-size ones end in. */
  attributes(path: string): Record<string, unknown> {
    const group = this.#groups.get(path);
    if (!group) return {};
    return guarded(() =>
      Object.fromEntries(Object.entries(group.attrs).map(([key, value]) => [key, plain(value)])),
    );
  }

  /** A string attribute, undefined where there is none. */
  text(path: string, name: string): string | undefined {
    const stored = this.attributes(path)[name];
    const value: unknown = Array.isArray(stored) && stored.length === 1 ? stored[0] : stored;
    return typeof value === "string" ? value : undefined;
  }

  /** A list of strings; Keras spreads one that is too long for an attribute over `name0`, `name1`, … */
  texts(path: string, name: string): string[] | undefined {
    const attributes = this.attributes(path);
    if (Object.hasOwn(attributes, name)) return listOfTexts(attributes[name], name);
    const parts: string[] = [];
    for (let i = 0; Object.hasOwn(attributes, `${name}${i}`); i++) {
      parts.push(...listOfTexts(attributes[`${name}${i}`], name));
    }
    return parts.length > 0 ? parts : undefined;
  }

  /** Shape and type of a dataset, without its values. */
  info(path: string): { shape: number[]; dtype: string } {
    const dataset = this.#dataset(path);
    return guarded(() => {
      const { shape, dtype } = dataset;
      return { shape: [...shape], dtype: typeof dtype === "string" ? dtype : String(dtype[0]) };
    });
  }

  /**
   * A dataset's values.
   *
   * @throws FormatError when there are none, they are no numbers, or more than the file can hold
   */
  read(path: string): Hdf5Values {
    const dataset = this.#dataset(path);
    const { shape, dtype } = this.info(path);
    const bytes = dtypes[dtype.slice(1)];
    if (bytes === undefined || !"<>|".includes(dtype.charAt(0))) {
      throw refused(`numbers as "${path}"`, `values of type ${dtype}`, "save the weights as float32");
    }
    const count = shape.reduce((product, size) => product * size, 1);
    this.#spend(path, count, bytes, dataset);
    // Shared by all files; reading one is a single turn, so none sees another's.
    this.#jsfive.Filters.set(deflateFilter, (packed) => this.#budget.inflate(packed));
    const values = guarded(() => (count === 0 ? [] : dataset.value));
    const scalarOrList: unknown[] = Array.isArray(values) ? values : [values];
    return { shape, dtype, data: toNumbers(path, scalarOrList, count, dtype) };
  }

  #dataset(path: string): Dataset {
    const dataset = this.#datasets.get(path);
    if (dataset) return dataset;
    const remedy = "save the model again, with its weights";
    throw refused(`a dataset "${path}"`, "none", remedy);
  }

  #spend(path: string, count: number, bytes: number, dataset: Dataset): void {
    const { shape } = this.info(path);
    const chunks = guarded(() => dataset._dataobjects.chunks ?? []);
    // The chunks at the edges are whole ones.
    const padded = chunks.reduce(
      (product, size, axis) => product * Math.ceil((shape[axis] ?? 1) / size) * size,
      1,
    );
    const needed = Math.max(count, padded) * bytes;
    if (!(needed <= this.#left)) {
      const got = `${needed} bytes as "${path}"`;
      throw refused(
        `at most ${this.#left} more bytes of values in a file of this size`,
        got,
        "do not use this file",
      );
    }
    this.#left -= needed;
  }

  #visit(path: string, group: Group, depth: number): void {
    this.#groups.set(path, group);
    if (depth > maxDepth) throw refused(`at most ${maxDepth} groups in one another`, `more at "${path}"`);
    for (const name of group.keys) {
      if (this.#groups.size + this.#datasets.size > maxObjects) {
        throw refused(`at most ${maxObjects} groups and datasets`, "more", "do not use this file");
      }
      // Files written on Windows by some versions of Keras have paths with backslashes as names.
      const inner = `${path}${path === "" ? "" : "/"}${name.replaceAll("\\", "/")}`;
      const item = group.get(name);
      if (item === null) continue;
      if (item instanceof this.#jsfive.Group) this.#visit(inner, item, depth + 1);
      else this.#datasets.set(inner, item);
    }
  }
}

/** jsfive throws strings, and whatever JavaScript throws at a wrong offset. */
function guarded<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    // jsfive's way to say that a structure is of a version that it does not know.
    if (error instanceof TypeError && error.message.includes("thing is not a function")) {
      const remedy = 'save the file again without libver="latest", or without chunks';
      throw refused("an HDF5 file of Keras's kind", "a structure of a later version", remedy, error);
    }
    const got = (error instanceof Error ? error.message : String(error)).replace(/[^\x20-\x7e]/g, "?");
    throw refused("an undamaged HDF5 file", `"${got.slice(0, 100)}"`, undefined, error);
  }
}

/** The superblock says how long the file is. */
function checkLength(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 48) throw refused("an HDF5 file", `${bytes.length} bytes`);
  const end = view.getBigUint64(bytes[8] < 2 ? 40 : 28, true);
  if (end > BigInt(bytes.length))
    throw refused(`an HDF5 file of ${end} bytes`, `${bytes.length}: it is cut off`);
}

function plain(value: unknown): unknown {
  if (typeof value === "string") return value.replace(/\0+$/, "");
  return Array.isArray(value) ? value.map(plain) : value;
}

function listOfTexts(value: unknown, name: string): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.every((entry) => typeof entry === "string")) return list;
  throw refused(`strings as attribute ${name}`, "other values");
}

/** Unallocated datasets come with holes. */
function toNumbers(
  path: string,
  values: unknown[],
  count: number,
  dtype: string,
): Float32Array | Float64Array {
  const data = dtype.charAt(1) === "f" ? new Float32Array(count) : new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== "number") throw refused(`${count} values of "${path}"`, "a dataset without values");
    data[i] = value;
  }
  return data;
}
