/** The part of jsfive that is used; the package comes without types. */
declare module "jsfive" {
  /** What all objects have. */
  interface Item {
    /** Reads and decodes all attributes of the object. */
    readonly attrs: Record<string, unknown>;
  }
  export class Group implements Item {
    readonly attrs: Record<string, unknown>;
    readonly keys: string[];
    get(name: string): Group | Dataset | null;
  }
  export class Dataset implements Item {
    readonly attrs: Record<string, unknown>;
    readonly shape: number[];
    /** As NumPy writes it (`"<f4"`), or a list for types that have no such name. */
    readonly dtype: string | unknown[];
    /** Row-major; has holes where the file has no values. */
    readonly value: unknown[];
    readonly _dataobjects: { readonly chunks: number[] | null };
  }
  /** What is done to each chunk that says so, by the filter's number. */
  export const Filters: Map<number, (chunk: ArrayBuffer) => ArrayBuffer>;
  export class File extends Group {
    constructor(bytes: ArrayBuffer, name: string);
  }
}
