import { concat } from "../files/concat";
import { DownloadError, describe } from "../runtime/errors";

/** How far a download has come, in bytes. */
export interface DownloadProgress {
  file: string;
  received: number;
  /** As the server announces it; undefined where it does not. */
  total?: number;
}

/** In milliseconds. */
export interface Patience {
  /** Until the server answers. */
  answer: number;
  /** Between two pieces of the file. */
  pause: number;
}

export interface FetchOptions {
  /** The file's name, for messages and progress. */
  file: string;
  onProgress?: (progress: DownloadProgress) => void;
  patience?: Patience;
}

/** A machine without network must be told so within ten seconds. */
const usualPatience: Patience = { answer: 8_000, pause: 8_000 };

/** More than this is none of the files asked for. */
const LARGEST_FILE = 2 ** 28;

const REMEDY =
  "check the network, or put the files into a folder or behind a URL and pass it as data, or use sampleCorpus";

/** Aborts when nothing happened for a while. */
class Watch {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  expectWithin(milliseconds: number): void {
    this.stop();
    const reason = new Error(`nothing came for ${milliseconds / 1000} s`);
    this.#timer = setTimeout(() => this.#controller.abort(reason), milliseconds);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** Fetch hides the reason, such as a name that does not resolve, in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

function announcedLength(response: Response): number | undefined {
  // Of a compressed answer the header tells the compressed length.
  const length = response.headers.has("content-encoding") ? null : response.headers.get("content-length");
  return length !== null && /^\d+$/.test(length) ? Number(length) : undefined;
}

async function receive(response: Response, options: FetchOptions, watch: Watch, patience: Patience) {
  const total = announcedLength(response);
  const reader = response.body?.getReader();
  const pieces: Uint8Array[] = [];
  let received = 0;
  while (reader) {
    watch.expectWithin(patience.pause);
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    received += value.length;
    if (received > LARGEST_FILE) throw new Error(`more than ${LARGEST_FILE} bytes`);
    options.onProgress?.({ file: options.file, received, total });
  }
  return concat(pieces);
}

/**
 * Fetches a file into memory.
 *
 * @param url where it lies
 * @param options its name, a progress callback, and how long to wait
 * @throws DownloadError where the server cannot be reached, refuses, stalls or breaks off
 */
export async function fetchBytes(url: string, options: FetchOptions): Promise<Uint8Array<ArrayBuffer>> {
  const patience = options.patience ?? usualPatience;
  const watch = new Watch();
  watch.expectWithin(patience.answer);
  try {
    const response = await fetch(url, { signal: watch.signal });
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    return await receive(response, options, watch, patience);
  } catch (error) {
    const got = reasonOf(watch.signal.aborted ? watch.signal.reason : error);
    throw new DownloadError(describe("download", `${options.file} from ${url}`, got, REMEDY), {
      cause: error,
    });
  } finally {
    watch.stop();
  }
}

/** The SHA-256 of some bytes, in hexadecimal digits. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** As `fetchBytes`, and the bytes must have the given SHA-256. */
export async function fetchVerified(url: string, hash: string, options: FetchOptions) {
  const bytes = await fetchBytes(url, options);
  const got = await sha256(bytes);
  if (got === hash) return bytes;
  const expected = `${options.file} with SHA-256 ${hash}`;
  throw new DownloadError(describe("download", expected, `${bytes.length} bytes with ${got}`, REMEDY));
}
