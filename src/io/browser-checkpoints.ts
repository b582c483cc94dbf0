import type { CheckpointStore } from "../model/snapshot";
import { describe, invalid, StateError } from "../runtime/errors";
import { checkpointStore, type ByteStore } from "./checkpoint";

/** Options of `browserCheckpoints`. */
export interface BrowserCheckpointOptions {
  /** Strings of yours, kept in every checkpoint. */
  metadata?: Readonly<Record<string, string>>;
  /** Where: the origin's private file system, or IndexedDB. Default: the first of these that the browser has. */
  storage?: "opfs" | "indexeddb";
}

/**
 * Keeps checkpoints in the browser, under a name; also in a worker. The last complete one stays readable, whenever
 * the tab is closed or crashes: a file of the origin's private file system takes its new content when it is closed,
 * IndexedDB when the transaction is complete.
 *
 * @throws InvalidInputError a name that is empty or holds a slash
 * @throws StateError there is neither storage: on an insecure page, or in some private windows
 * @example
 * const store = await browserCheckpoints("imdb");
 * await model.fit(x, y, { epochs: 10, checkpoint: { store, everySeconds: 10 }, resume: true });
 * await store.clear();
 * @see https://developer.mozilla.org/docs/Web/API/File_System_API/Origin_private_file_system
 */
export async function browserCheckpoints(
  name: string,
  { metadata, storage }: BrowserCheckpointOptions = {},
): Promise<CheckpointStore> {
  if (name === "" || /[/\\]/.test(name)) {
    const remedy = "pass for instance the model's name";
    throw invalid("browserCheckpoints", "a name without slashes", `"${name}"`, remedy);
  }
  const chosen = storage ?? ((await hasFileSystem()) ? "opfs" : "indexeddb");
  const bytes =
    chosen === "opfs" ? fileSystemStore(`${name}.checkpoint.safetensors`) : await databaseStore(name);
  return checkpointStore(bytes, { metadata });
}

/** Some browsers have the file system, but write to it only by handles that block, in workers. */
async function hasFileSystem(): Promise<boolean> {
  const writes = "FileSystemFileHandle" in globalThis && "createWritable" in FileSystemFileHandle.prototype;
  if (!writes) return false;
  return navigator.storage.getDirectory().then(
    () => true,
    () => false,
  );
}

const folder = "webgpu-rnn";

function fileSystemStore(name: string): ByteStore {
  const open = async (): Promise<FileSystemDirectoryHandle> => {
    const root = await navigator.storage.getDirectory();
    return root.getDirectoryHandle(folder, { create: true });
  };
  return {
    async save(bytes) {
      const file = await (await open()).getFileHandle(name, { create: true });
      const writable = await file.createWritable();
      await writable.write(bytes);
      await writable.close();
    },
    async load() {
      try {
        const file = await (await (await open()).getFileHandle(name)).getFile();
        // A first one that was cut off has left the file that it was to fill.
        return file.size === 0 ? undefined : new Uint8Array(await file.arrayBuffer());
      } catch (error) {
        if (error instanceof DOMException && error.name === "NotFoundError") return undefined;
        throw error;
      }
    },
    async clear() {
      const inside = await open();
      await inside.removeEntry(name).catch((error: unknown) => {
        if (!(error instanceof DOMException && error.name === "NotFoundError")) throw error;
      });
    },
  };
}

const database = "webgpu-rnn checkpoints";
const table = "checkpoints";

async function databaseStore(name: string): Promise<ByteStore> {
  const opened = await openDatabase();
  const run = async <Result>(
    mode: IDBTransactionMode,
    use: (store: IDBObjectStore) => IDBRequest<Result>,
  ): Promise<Result> => {
    // Durable when it is complete, not only handed to the system.
    const transaction = opened.transaction(table, mode, { durability: "strict" });
    const request = use(transaction.objectStore(table));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      const fail = (): void => reject(storageError(transaction.error ?? request.error));
      transaction.onabort = fail;
      transaction.onerror = fail;
    });
  };
  return {
    save: async (bytes) => void (await run("readwrite", (store) => store.put(bytes, name))),
    load: () => run("readonly", (store) => store.get(name) as IDBRequest<Uint8Array | undefined>),
    clear: () => run("readwrite", (store) => store.delete(name)),
  };
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    if (!("indexedDB" in globalThis)) return reject(storageError("no indexedDB"));
    const request = indexedDB.open(database, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(table);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(storageError(request.error));
  });
}

function storageError(cause: unknown): StateError {
  const remedy =
    "serve the page over https or from localhost, free some storage, or pass a store of your own";
  return new StateError(describe("browserCheckpoints", "storage in the browser", String(cause), remedy), {
    cause,
  });
}
