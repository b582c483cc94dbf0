/** Calls from the page to its reading worker: a method name and arguments there, a result or an error back. */
interface Call {
  id: number;
  method: string;
  args: unknown[];
}

interface Answer {
  id: number;
  value?: unknown;
  error?: { name: string; message: string };
  /** Not the result yet: how far the call has come. */
  progress?: unknown;
}

type Methods = Record<string, (...args: never[]) => unknown>;

/** Tells the page how far the running call has come. */
export type Report = (progress: unknown) => void;

interface Scope {
  postMessage(message: Answer, transfer?: Transferable[]): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
}

/** In the worker: answers calls by the methods that `make` returns. Typed arrays in results move to the page. */
export function expose(make: (report: Report) => Methods): void {
  const scope = globalThis as unknown as Scope;
  let running = 0;
  const methods = make((progress) => scope.postMessage({ id: running, progress }));
  const answer = async ({ id, method, args }: Call): Promise<void> => {
    running = id;
    try {
      const value = await methods[method](...(args as never[]));
      scope.postMessage({ id, value }, arraysIn(value));
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      scope.postMessage({ id, error: { name, message } });
    }
  };
  scope.addEventListener("message", ({ data }) => void answer(data as Call));
}

function arraysIn(value: unknown): Transferable[] {
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return [...new Set(Object.values(value).flatMap(arraysIn))];
}

/** In the page: the worker's methods as functions that return promises. */
export class Remote<Service> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  readonly #onProgress: Report;
  #next = 1;

  constructor(worker: Worker, onProgress: Report) {
    this.#worker = worker;
    this.#onProgress = onProgress;
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => this.#receive(data));
  }

  call<Name extends keyof Service & string>(
    method: Name,
    ...args: Service[Name] extends (...args: infer Args) => unknown ? Args : never
  ): Promise<Service[Name] extends (...args: never[]) => infer Result ? Awaited<Result> : never> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve, reject });
      this.#worker.postMessage({ id, method, args } satisfies Call);
    });
  }

  #receive({ id, value, error, progress }: Answer): void {
    if (progress !== undefined) return this.#onProgress(progress);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(Object.assign(new Error(error.message), { name: error.name }));
    else waiting?.resolve(value as never);
  }
}
