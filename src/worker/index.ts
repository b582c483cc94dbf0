/** The model API in a Web Worker: training leaves the page's own thread alone. */
import type { DeviceOptions, Layer } from "../index";
import { hasGivenWeights } from "../model/layers";
import { describe, invalid, WebGpuRnnError } from "../runtime/errors";
import { Line, terminated } from "./line";
import { engineId, type Port } from "./protocol";
import { WorkerDevice, type DeviceDescription } from "./worker-device";
import { WorkerModel, type ModelDescription } from "./worker-model";

export type { Port } from "./protocol";
export type { WorkerDevice } from "./worker-device";
export type { TransferOption, WorkerCompileOptions, WorkerModel } from "./worker-model";
export type { WorkerStream } from "./worker-stream";
export { serve } from "./serve";

/** The library in a worker. Made by {@link startWorker}. */
export class WorkerEngine {
  readonly #port: Port & { terminate?: () => void; close?: () => void };
  readonly #line: Line;

  constructor(port: Port) {
    this.#port = port;
    this.#line = new Line(port);
    if (typeof Worker !== "undefined" && port instanceof Worker) this.#watch(port);
  }

  /**
   * Makes a model in the worker.
   *
   * @param layers as for `sequential`; initialisers of one's own, which are functions, cannot cross the border
   * @throws {InvalidInputError} layers that make no model, or an embedding with `weights`.
   * @example
   * const model = await engine.sequential([embedding(10_000, 32), simpleRNN(32), dense(1)]);
   */
  async sequential(layers: readonly Layer[], { name }: { name?: string } = {}): Promise<WorkerModel> {
    if (layers.some(hasGivenWeights)) {
      const remedy = "leave the option out, and pass them to setWeights";
      throw invalid("worker", "layers as plain data", "an embedding with weights", remedy);
    }
    const config: unknown = JSON.parse(JSON.stringify({ name, layers }));
    const made = await this.#line.call(engineId, "sequential", [config]);
    return new WorkerModel(this.#line, made as ModelDescription);
  }

  /**
   * Asks the worker's `navigator.gpu` for a device, to be passed to `compile`; see `requestDevice`.
   *
   * @throws {DeviceError} no WebGPU in workers, no adapter, or a refused device.
   */
  async requestDevice(options: DeviceOptions = {}): Promise<WorkerDevice> {
    const got = await this.#line.call(engineId, "requestDevice", [options]);
    return new WorkerDevice(this.#line, got as DeviceDescription);
  }

  /** Ends the worker, its models and devices. What still runs is rejected. */
  terminate(): void {
    this.#line.close(terminated());
    this.#port.terminate?.();
    this.#port.close?.();
  }

  #watch(worker: Worker): void {
    worker.addEventListener("error", (event) => {
      const got = event.message || "a script that did not load";
      const remedy = "reload the page, or start another worker";
      this.#line.close(new WebGpuRnnError(describe("worker", "a worker script that runs", got, remedy)));
    });
  }
}

/**
 * Starts a worker with the library in it.
 *
 * @param options.port a worker of one's own that calls `serve`, or a `MessagePort` to one; by default the
 *   ready-made worker script is started as a module worker
 * @example
 * import { dense, embedding, simpleRNN } from "webgpu-rnn";
 * import { startWorker } from "webgpu-rnn/worker";
 *
 * const engine = startWorker();
 * const model = await engine.sequential([embedding(10_000, 32), simpleRNN(32), dense(1, { activation: "sigmoid" })]);
 * await model.compile({ optimizer: "rmsprop", loss: "binaryCrossentropy", metrics: ["acc"] });
 * await model.fit(x, y, { epochs: 10, callbacks: [{ onEpochEnd: (epoch, logs) => console.log(epoch, logs) }] });
 */
export function startWorker({ port }: { port?: Port } = {}): WorkerEngine {
  return new WorkerEngine(
    port ?? new Worker(new URL("./host.ts", import.meta.url), { type: "module", name: "webgpu-rnn" }),
  );
}
