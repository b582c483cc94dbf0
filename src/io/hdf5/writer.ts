import type { Group } from "h5wasm";
import { InvalidInputError, describe } from "../../runtime/errors";

/** A value of an attribute: a text, texts, or an empty list as NumPy writes one. */
export type Hdf5Attribute = string | readonly string[];

/** A dataset to write; `shape` [] is a scalar. */
export interface Hdf5Dataset {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** A group to write. */
export interface Hdf5Group {
  readonly attributes?: Readonly<Record<string, Hdf5Attribute>>;
  /** By path below the group; the groups on the way are made. */
  readonly datasets?: readonly (readonly [path: string, dataset: Hdf5Dataset])[];
  readonly groups?: Readonly<Record<string, Hdf5Group>>;
}

let files = 0;

/**
 * Writes an HDF5 file. The writer, h5wasm (the HDF Group's own library as WebAssembly), is loaded with the
 * first file.
 *
 * @returns the file's bytes
 */
export async function writeHdf5(root: Hdf5Group): Promise<Uint8Array<ArrayBuffer>> {
  const { default: h5wasm } = await import("h5wasm");
  const { FS } = await h5wasm.ready;
  const name = `/webgpu-rnn-${files++}.h5`;
  const file = new h5wasm.File(name, "w");
  try {
    writeGroup(file, root);
    file.close();
    return new Uint8Array(FS.readFile(name));
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    const remedy = "save in another format, and report this";
    throw new InvalidInputError(describe("saveModel", "a model that HDF5 can hold", `"${got}"`, remedy), {
      cause,
    });
  } finally {
    FS.unlink(name);
  }
}

function writeGroup(group: Group, { attributes = {}, datasets = [], groups = {} }: Hdf5Group): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "string") group.create_attribute(name, value, null, "S");
    else if (value.length > 0) group.create_attribute(name, [...value], [value.length], "S");
    // NumPy's empty list has this type, and so the files of Keras have.
    else group.create_attribute(name, [], [0], "<d");
  }
  for (const [name, inner] of Object.entries(groups)) writeGroup(folder(group, name), inner);
  for (const [path, dataset] of datasets) writeDataset(group, path, dataset);
}

function writeDataset(group: Group, path: string, { shape, data }: Hdf5Dataset): void {
  const names = path.split("/");
  const parent = names.slice(0, -1).reduce(folder, group);
  const dtype = data instanceof Int32Array ? "<i" : "<f";
  parent.create_dataset({ name: names[names.length - 1], data, shape: [...shape], dtype });
}

/** A group below another, made where it is missing. */
function folder(parent: Group, name: string): Group {
  if (parent.keys().includes(name)) return parent.get(name) as Group;
  return parent.create_group(name);
}
