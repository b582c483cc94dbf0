/** The browser's own storage (IndexedDB). Where it is closed to the page, nothing is kept and nothing breaks. */
const databaseName = "webgpu-rnn-demo";
const storeName = "kept";

let opened: Promise<IDBDatabase> | undefined;

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB failed"));
  });
}

function open(): Promise<IDBDatabase> {
  if (!opened) {
    const request = indexedDB.open(databaseName, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(storeName);
    opened = settled(request);
  }
  return opened;
}

async function run<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const transaction = (await open()).transaction(storeName, mode);
  return settled(work(transaction.objectStore(storeName)));
}

/** What is kept under `key`. */
export async function load(key: string): Promise<unknown> {
  return run("readonly", (store) => store.get(key) as IDBRequest<unknown>).catch(() => undefined);
}

/** Keeps a value, whole or not at all; false where the browser keeps nothing. */
export async function keep(key: string, value: unknown): Promise<boolean> {
  return run("readwrite", (store) => store.put(value, key)).then(
    () => true,
    () => false,
  );
}

/** Forgets what is kept under `key`. */
export async function forget(key: string): Promise<void> {
  await run("readwrite", (store) => store.delete(key)).catch(() => undefined);
}
