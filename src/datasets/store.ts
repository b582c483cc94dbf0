/** A place that keeps files by name. */
export interface Store {
  /** What to call the place in messages. */
  readonly place: string;
  /** The file's bytes, or undefined where there is none. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Keeps a file whole or not at all. */
  write(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** What differs between Node and a browser. */
export interface Platform {
  /** A folder of the file system; undefined in a browser, where a string is a URL prefix. */
  folder?(path: string | URL): Store;
  /** The folder named by `$WEBGPU_RNN_DATA`, if any. */
  namedFolder?(): Store | undefined;
  /** Where downloads are kept; undefined where nothing can be. */
  cache(): Promise<Store | undefined>;
}
