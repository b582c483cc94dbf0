import { invalid } from "../runtime/errors";
import { type DownloadProgress, type Patience, fetchBytes, fetchVerified, sha256 } from "./download";
import { currentPlatform } from "./platform";
import type { Platform, Store } from "./store";

/** Where the files of a data set come from. */
export interface SourceOptions {
  /**
   * A folder (in Node) or URL prefix that holds the files, or the file's bytes. They are taken as they are.
   * Without it: `$WEBGPU_RNN_DATA` in Node, else the user's cache, filled by a download whose hash is checked.
   */
  data?: string | URL | Uint8Array | ArrayBuffer;
  /** Called with each piece of a download. */
  onProgress?: (progress: DownloadProgress) => void;
  /** Called where a download could not be kept, which costs time but no data; `console.warn` by default. */
  onWarning?: (message: string) => void;
  /** A mirror to download from instead of Keras's public address; the hash is checked all the same. */
  baseUrl?: string;
}

/** A file that Keras publishes. */
export interface PublishedFile {
  name: string;
  sha256: string;
}

/** What tests put in the place of the user's cache and the usual waiting times. */
export interface Surroundings {
  platform?: Platform;
  patience?: Patience;
}

const PUBLISHED_AT = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/";

const inFolder = (prefix: string, name: string): string => `${prefix.replace(/\/*$/, "")}/${name}`;

async function readFolder(store: Store, name: string, where: string): Promise<Uint8Array> {
  const bytes = await store.read(name);
  if (bytes) return bytes;
  const expected = `${name} in the folder ${store.place}`;
  throw invalid(where, expected, "no such file", "name the folder that holds it");
}

/** A broken cache must not keep anyone from the data. */
async function readCache(store: Store | undefined, file: PublishedFile): Promise<Uint8Array | undefined> {
  const bytes = await store?.read(file.name).catch(() => undefined);
  return bytes && (await sha256(bytes)) === file.sha256 ? bytes : undefined;
}

async function readPublished(
  file: PublishedFile,
  options: SourceOptions,
  around: Surroundings,
  store?: Store,
) {
  const cached = await readCache(store, file);
  if (cached) return cached;
  const url = inFolder(options.baseUrl ?? PUBLISHED_AT, file.name);
  const { onProgress } = options;
  const bytes = await fetchVerified(url, file.sha256, {
    file: file.name,
    onProgress,
    patience: around.patience,
  });
  try {
    await store?.write(file.name, bytes);
  } catch (error) {
    const message = `${file.name} could not be kept in ${store?.place}: ${String(error)}`;
    (options.onWarning ?? console.warn)(message);
  }
  return bytes;
}

/**
 * The bytes of one file of a data set, from where the options say.
 *
 * @throws InvalidInputError where a folder lacks the file
 * @throws DownloadError where it cannot be fetched, or something else comes in its place
 */
export async function readSource(
  file: PublishedFile,
  options: SourceOptions,
  where: string,
  around: Surroundings = {},
): Promise<Uint8Array> {
  const { data } = options;
  if (data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  const platform = around.platform ?? (await currentPlatform());
  if (data === undefined) {
    const named = platform.namedFolder?.();
    if (named) return readFolder(named, file.name, where);
    return readPublished(file, options, around, await platform.cache().catch(() => undefined));
  }
  if (!(data instanceof URL) && typeof data !== "string") {
    const expected = "data as a folder, a URL prefix or bytes";
    throw invalid(where, expected, typeof data, "pass one of these or leave it out");
  }
  if (platform.folder && !/^(?!file:)[a-z][a-z0-9+.-]+:\/\//i.test(String(data))) {
    return readFolder(platform.folder(data), file.name, where);
  }
  return fetchBytes(inFolder(String(data), file.name), {
    file: file.name,
    onProgress: options.onProgress,
    patience: around.patience,
  });
}
