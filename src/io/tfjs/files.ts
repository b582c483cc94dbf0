import { describe, DownloadError, type FormatError, invalid } from "../../runtime/errors";
import { refused, shown } from "../stored-model";

/** The files of a TF.js model by name: `model.json` and its shards. */
export type ModelFiles = Readonly<Record<string, Uint8Array | ArrayBuffer | Blob>>;

/** Where a model file came from, so that files beside it can be read. */
export interface Beside {
  /** The bytes of a file beside the one read. */
  read(path: string): Promise<Uint8Array>;
}

/** A shard's path must stay beside the model: a file decides what is read, but not from where. */
export function checkPath(path: unknown): string {
  const isPlain = typeof path === "string" && path !== "" && !/^[/\\]|\\|:|\0/.test(path);
  if (isPlain && !path.split("/").includes("..")) return path;
  throw outside(path);
}

function outside(path: unknown): FormatError {
  return refused("paths of shards beside model.json", shown(path), "do not use this file");
}

/** Files given by name; found by their last name alone, too. */
export function besideFiles(files: ModelFiles): Beside {
  return {
    read(path) {
      const last = path.slice(path.lastIndexOf("/") + 1);
      const key = [path, last].find((name) => Object.hasOwn(files, name));
      if (key !== undefined) return toBytes(files[key]);
      const got = Object.keys(files).join(", ");
      throw refused(`the shard "${path}" among the files`, got, "pass model.json and all its shards");
    },
  };
}

/** Files at an address. */
export function besideUrl(url: URL, fetchBytes: (url: URL) => Promise<Uint8Array>): Beside {
  return {
    read(path) {
      // A URL has more ways to say "..": %2e%2e, or with a tab in between.
      const [folder, target] = [resolved(".", url), resolved(path, url)];
      if (folder && target?.href.startsWith(folder.href)) return fetchBytes(target);
      throw outside(path);
    },
  };
}

function resolved(path: string, base: URL): URL | undefined {
  return URL.canParse(path, base) ? new URL(path, base) : undefined;
}

/** Nothing beside: the bytes of one file were all there is. */
export const alone: Beside = {
  read(path) {
    const remedy = 'pass all its files by name: loadModel({ "model.json": …, "group1-shard1of1.bin": … })';
    throw refused(`the shard "${path}" with model.json`, "model.json alone", remedy);
  },
};

/** The bytes of a file in memory. */
export async function toBytes(source: Uint8Array | ArrayBuffer | Blob): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  const got = source === null ? "null" : typeof source;
  const remedy = "read the file first, and pass its bytes";
  throw invalid("loadModel", "a file's bytes, a File or a Blob", got, remedy);
}

/**
 * Downloads a file.
 *
 * @throws DownloadError when it cannot be had
 */
export async function fetchBytes(url: URL): Promise<Uint8Array> {
  let got: string;
  try {
    const response = await fetch(url);
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    got = `status ${response.status}`;
  } catch (error) {
    got = error instanceof Error ? error.message : String(error);
  }
  throw new DownloadError(describe("loadModel", `a file at ${url.href}`, got, "check the address"));
}
