import { hookNames, type Callback, type CallbackModel, type HookName, type Logs } from "../model/callback";
import type { CheckpointStore, TrainingSnapshot } from "../model/snapshot";
import { describe, StateError } from "../runtime/errors";
import {
  buffersIn,
  fromPlain,
  toPlain,
  type HookAnswer,
  type Port,
  type Reply,
  type Request,
} from "./protocol";

type HookCall = Extract<Reply, { kind: "hook" }>;

/** What a call carries besides its arguments. */
export interface CallOptions {
  signal?: AbortSignal;
  callbacks?: readonly Callback[];
  /** What the callbacks see as their model. */
  model?: Pick<CallbackModel, "getWeights" | "setWeights">;
  /** Keeps the snapshots of `fit`. */
  store?: CheckpointStore;
  /** Hand the arguments' buffers over instead of copying them. */
  transfer?: boolean;
}

interface Pending extends CallOptions {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  /** What a callback threw in the page: the caller gets this very object back. */
  thrown?: { error: unknown };
}

/** The page's end of the line: numbers the calls, matches the results, runs the callbacks. */
export class Line {
  readonly #port: Port;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<number, (value: never) => void>();
  #next = 0;
  #closed: Error | undefined;

  constructor(port: Port) {
    this.#port = port;
    port.addEventListener("message", ({ data }) => this.#receive(data as Reply));
    port.start?.();
  }

  /** Calls a method of an object in the worker. */
  async call(object: number, method: string, args: unknown[], options: CallOptions = {}): Promise<unknown> {
    const { signal, callbacks } = options;
    if (this.#closed) throw this.#closed;
    signal?.throwIfAborted();
    const call = this.#next++;
    const abort = (): void => this.#send({ kind: "abort", call });
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        this.#pending.set(call, { ...options, resolve, reject });
        const hooks = callbacks?.map(hooksOf);
        const request: Request = {
          kind: "call",
          call,
          object,
          method,
          args,
          hooks,
          abortable: signal !== undefined,
        };
        this.#send(request, options.transfer ? buffersIn(args.slice(0, -1)) : []);
      });
    } finally {
      this.#pending.delete(call);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Calls `listener` with each event under the number that is returned. */
  listen(listener: (value: never) => void): number {
    const number = this.#next++;
    this.#listeners.set(number, listener);
    return number;
  }

  /** Ends what `listen` began. */
  ignore(listener: number): void {
    this.#listeners.delete(listener);
  }

  /** Rejects what still runs; later calls throw the same error. */
  close(error: Error): void {
    this.#closed ??= error;
    this.#listeners.clear();
    for (const { reject } of this.#pending.values()) reject(error);
  }

  #send(request: Request, transfer: Transferable[] = []): void {
    if (!this.#closed) this.#port.postMessage(request, transfer);
  }

  #receive(reply: Reply): void {
    if (reply.kind === "event") return this.#listeners.get(reply.listener)?.(reply.value as never);
    const pending = this.#pending.get(reply.call);
    if (!pending) return;
    if (reply.kind === "hook") return void this.#runHook(reply, pending);
    if (!reply.error) return pending.resolve(reply.value);
    const aborted = pending.signal?.aborted && reply.error.name === "AbortError";
    if (pending.thrown) pending.reject(pending.thrown.error);
    else pending.reject(aborted ? pending.signal?.reason : fromPlain(reply.error));
  }

  async #runHook({ hook, callback, name, args, state }: HookCall, pending: Pending): Promise<void> {
    const answer = await runHook(pending, { callback, name, args, state });
    this.#send({ kind: "answer", hook, answer });
  }
}

function hooksOf(callback: Callback): HookName[] {
  return hookNames.filter((name) => name !== "setModel" && callback[name] !== undefined);
}

/** Runs one hook in the page, on a stand-in for the model whose changes travel back. */
async function runHook(
  pending: Pending,
  { callback: index, name, args, state }: Pick<HookCall, "callback" | "name" | "args" | "state">,
): Promise<HookAnswer> {
  if (name === "saveSnapshot") return saveSnapshot(pending, args[0] as TrainingSnapshot);
  const callback = pending.callbacks?.[index];
  const { model } = pending;
  if (!callback || !model) return {};
  const seen = { ...state };
  const trained: CallbackModel = {
    get stopTraining(): boolean {
      return seen.stopTraining;
    },
    set stopTraining(stop: boolean) {
      seen.stopTraining = stop;
    },
    get learningRate(): number {
      return seen.learningRate;
    },
    set learningRate(rate: number) {
      seen.learningRate = rate;
    },
    learningRateSchedule: state.learningRateSchedule,
    getWeights: () => model.getWeights(),
    setWeights: (weights) => model.setWeights(weights),
  };
  try {
    callback.setModel?.(trained);
    const hooks = callback as Record<string, ((...args: unknown[]) => unknown) | undefined>;
    const value = await hooks[name]?.(...args);
    if (name === "saveState" || name === "restoreState") return { state: seen, value };
    const logs = args.at(-1) as Logs | undefined;
    return { state: seen, ...(typeof logs === "object" ? { logs } : {}) };
  } catch (error) {
    pending.thrown ??= { error };
    return { error: toPlain(error) };
  }
}

async function saveSnapshot(pending: Pending, snapshot: TrainingSnapshot): Promise<HookAnswer> {
  try {
    await pending.store?.save(snapshot);
    return {};
  } catch (error) {
    pending.thrown ??= { error };
    return { error: toPlain(error) };
  }
}

/** The error of calls on a worker that was ended. */
export function terminated(): StateError {
  return new StateError(
    describe("worker", "a running worker", "one after terminate()", "start another worker"),
  );
}
