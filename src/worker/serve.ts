import {
  requestDevice,
  sequentialFromConfig,
  type CheckpointStore,
  type CompileOptions,
  type Device,
  type FitOptions,
  type Sequential,
  type TokenStream,
} from "../index";
import type { Callback, CallbackModel, HookName, Logs } from "../model/callback";
import { describe, StateError } from "../runtime/errors";
import {
  buffersIn,
  engineId,
  fromPlain,
  toPlain,
  type DeviceReference,
  type HookAnswer,
  type Port,
  type Reply,
  type Request,
} from "./protocol";

type Call = Extract<Request, { kind: "call" }>;
type HookQuestion = Extract<Reply, { kind: "hook" }>;
type Method = (...args: never[]) => unknown;

/** Methods of a model that the page may call; anything else is no part of the protocol. */
const modelMethods = [
  "build",
  "summary",
  "compile",
  "fit",
  "evaluate",
  "predict",
  "trainOnBatch",
  "getWeights",
  "setWeights",
  "getGradients",
  "getOptimizerSlots",
  "getOptimizerState",
  "setOptimizerState",
  "resetStates",
  "stream",
  "profile",
  "endProfile",
  "dispose",
] as const;

/**
 * Answers the calls of a page: the worker's side of `webgpu-rnn/worker`. A worker script of one's own that
 * does more than the ready-made one calls this, and the page passes that worker to `startWorker`.
 *
 * @example
 * serve(self);
 */
export function serve(port: Port): void {
  const host = new Host(port);
  port.addEventListener("message", ({ data }) => host.receive(data as Request));
  port.start?.();
}

class Host {
  readonly #port: Port;
  readonly #models = new Map<number, Sequential>();
  readonly #devices = new Map<number, Device>();
  readonly #streams = new Map<number, TokenStream>();
  /** What ends the profiles that are running, by the page's numbers of their listeners. */
  readonly #profiles = new Map<number, () => void>();
  readonly #running = new Map<number, AbortController>();
  readonly #asked = new Map<number, (answer: HookAnswer) => void>();
  #nextObject = engineId + 1;
  #nextHook = 0;

  constructor(port: Port) {
    this.#port = port;
  }

  receive(request: Request): void {
    if (request.kind === "call") void this.#answer(request);
    else if (request.kind === "abort") this.#running.get(request.call)?.abort();
    else if (request.kind === "answer") this.#asked.get(request.hook)?.(request.answer);
  }

  async #answer(request: Call): Promise<void> {
    const { call } = request;
    const controller = new AbortController();
    this.#running.set(call, controller);
    try {
      const value = await this.#run(request, controller.signal);
      this.#send({ kind: "result", call, value });
    } catch (error) {
      this.#send({ kind: "result", call, error: toPlain(error) });
    } finally {
      this.#running.delete(call);
    }
  }

  #send(reply: Reply): void {
    // Results are made for the caller: their buffers move.
    const transfer = reply.kind === "result" ? buffersIn(reply.value) : [];
    this.#port.postMessage(reply, transfer);
  }

  #run(request: Call, signal: AbortSignal): unknown {
    const { object, method, args } = request;
    if (object === engineId) return this.#runOnEngine(method, args);
    const device = this.#devices.get(object);
    if (device) return this.#runOnDevice(object, device, method);
    const stream = this.#streams.get(object);
    if (stream) return this.#runOnStream(object, stream, request);
    const model = this.#models.get(object);
    if (!model || !modelMethods.some((name) => name === method)) {
      throw new StateError(
        describe(
          "worker",
          "a call of a live model, device or stream",
          `"${method}" of number ${object}`,
          "make it first",
        ),
      );
    }
    return this.#runOnModel(model, request, signal);
  }

  #runOnEngine(method: string, args: unknown[]): unknown {
    if (method === "sequential") {
      const model = sequentialFromConfig(args[0] as Parameters<typeof sequentialFromConfig>[0]);
      const id = this.#keep(this.#models, model);
      return { id, name: model.name, parameterCount: model.parameterCount, config: model.getConfig() };
    }
    return requestDevice(args[0] as Parameters<typeof requestDevice>[0]).then((device) => ({
      id: this.#keep(this.#devices, device),
      description: device.description,
      features: [...device.gpu.features],
      limits: plainLimits(device.limits),
    }));
  }

  async #runOnDevice(id: number, device: Device, method: string): Promise<unknown> {
    if (method === "destroy") device.destroy();
    if (method === "idle") await device.idle();
    if (method !== "lost") return undefined;
    const { reason, message } = await device.gpu.lost;
    this.#devices.delete(id);
    return { reason, message };
  }

  #runOnStream(id: number, stream: TokenStream, { method, args }: Call): unknown {
    if (method === "next") return stream.next(args[0] as number);
    if (method === "reset") return stream.reset();
    this.#streams.delete(id);
    return stream.dispose();
  }

  #runOnModel(model: Sequential, request: Call, signal: AbortSignal): unknown {
    const { method, args, object } = request;
    if (method === "compile") {
      const options = args[0] as CompileOptions & { device?: DeviceReference };
      return model.compile({ ...options, device: this.#deviceOf(options.device) });
    }
    if (method === "summary") return model.summary({ ...(args[0] as object), print: () => undefined });
    if (method === "build") return void model.build(args[0] as (number | null)[]);
    if (method === "stream") return model.stream().then((stream) => this.#keep(this.#streams, stream));
    if (method === "profile")
      return this.#profile(model, args[0] as number, args[1] as { interval?: number });
    if (method === "endProfile") return this.#endProfile(args[0] as number);
    if (method === "dispose") this.#models.delete(object);
    const last = args.at(-1);
    if (request.abortable || request.hooks) {
      const callbacks = request.hooks?.map((names, i) => this.#callback(request.call, i, names));
      args[args.length - 1] = { ...(last as object), signal, ...(callbacks ? { callbacks } : {}) };
    }
    const options = args.at(-1) as FitOptions | undefined;
    if (method === "fit" && options?.checkpoint) {
      options.checkpoint = { ...options.checkpoint, store: this.#store(request.call) };
    }
    const methods = model as unknown as Record<string, Method>;
    return methods[method](...(args as never[]));
  }

  #profile(model: Sequential, listener: number, options: { interval?: number }): void {
    const tell = (value: unknown): void => this.#send({ kind: "event", listener, value });
    this.#profiles.set(listener, model.profile(tell, options));
  }

  #endProfile(listener: number): void {
    this.#profiles.get(listener)?.();
    this.#profiles.delete(listener);
  }

  #deviceOf(reference: DeviceReference | undefined): Device | undefined {
    if (reference === undefined) return undefined;
    const device = this.#devices.get(reference.webgpuRnnDevice);
    if (device) return device;
    throw new StateError(
      describe("compile", "a live device of this worker", "one that was lost", "request another device"),
    );
  }

  #keep<T>(map: Map<number, T>, value: T): number {
    const id = this.#nextObject++;
    map.set(id, value);
    return id;
  }

  /** Asks the page to run a hook, and waits for what it has done. */
  async #ask(question: Omit<HookQuestion, "kind" | "hook">): Promise<HookAnswer> {
    const hook = this.#nextHook++;
    const answered = new Promise<HookAnswer>((resolve) => this.#asked.set(hook, resolve));
    this.#send({ kind: "hook", hook, ...question });
    const answer = await answered;
    this.#asked.delete(hook);
    if (answer.error) throw fromPlain(answer.error);
    return answer;
  }

  /** The page's store of checkpoints; `resume` comes as a snapshot, so that none is loaded here. */
  #store(call: number): CheckpointStore {
    const state = { stopTraining: false, learningRate: 0 };
    return {
      save: async (snapshot) =>
        void (await this.#ask({ call, callback: -1, name: "saveSnapshot", args: [snapshot], state })),
      load: () => Promise.resolve(undefined),
      clear: () => Promise.resolve(),
    };
  }

  /** A callback whose hooks run in the page; training waits for them as for local ones. */
  #callback(call: number, callback: number, names: readonly HookName[]): Callback {
    let model: CallbackModel;
    const ask = async (name: HookName, args: unknown[]): Promise<unknown> => {
      const { stopTraining, learningRate, learningRateSchedule } = model;
      const state = { stopTraining, learningRate, learningRateSchedule };
      const answer = await this.#ask({ call, callback, name, args, state });
      if (answer.state) {
        model.stopTraining = answer.state.stopTraining;
        model.learningRate = answer.state.learningRate;
      }
      const logs = args.at(-1) as Logs | undefined;
      if (answer.logs && typeof logs === "object") Object.assign(logs, answer.logs);
      return answer.value;
    };
    const hooks = names.map((name) => [name, (...args: unknown[]) => ask(name, args)] as const);
    const setModel = (trained: CallbackModel): void => void (model = trained);
    return { ...(Object.fromEntries(hooks) as Callback), setModel };
  }
}

/** Limits as plain data: the object itself cannot be cloned. */
function plainLimits(limits: GPUSupportedLimits): Record<string, number> {
  const plain: Record<string, number> = {};
  for (const name in limits) {
    const value: unknown = limits[name as keyof GPUSupportedLimits];
    if (typeof value === "number") plain[name] = value;
  }
  return plain;
}
