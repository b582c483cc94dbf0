import { startWorker, type WorkerDevice, type WorkerEngine, type WorkerModel } from "webgpu-rnn/worker";
import type { Model } from "./net";

/** A lost GPU comes back after a moment, if it does. */
const attempts = 6;
const pauseMilliseconds = 700;

/** The library in its worker, with a device that is asked for when it is needed and again when it was lost. */
export class Engine {
  #worker: WorkerEngine | undefined;
  #device: Promise<WorkerDevice> | undefined;
  #reading: { key: string; device: WorkerDevice; model: WorkerModel } | undefined;
  #line: Promise<unknown> = Promise.resolve();

  /** Whether this browser has an adapter. */
  usable = false;

  get worker(): WorkerEngine {
    return (this.#worker ??= startWorker());
  }

  /** The device; a new one where the last was lost. */
  device(): Promise<WorkerDevice> {
    this.#device ??= this.#request();
    return this.#device;
  }

  async #request(): Promise<WorkerDevice> {
    for (let attempt = 1; ; attempt++) {
      try {
        const device = await this.worker.requestDevice({ powerPreference: "high-performance" });
        void device.lost.then(() => {
          this.#device = undefined;
          this.#reading = undefined;
        });
        return device;
      } catch (error) {
        if (attempt === attempts) {
          this.#device = undefined;
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
      }
    }
  }

  /** A net's probabilities for rows of token ids. One call after the other: they share a compiled model. */
  predict(model: Model, x: { data: Int32Array; shape: [number, number] }): Promise<{ data: Float32Array }> {
    const result = this.#line.then(async () => {
      const compiled = await this.#compiled(model);
      await compiled.setWeights(model.weights);
      return compiled.predict(x, { batchSize: 256 });
    });
    this.#line = result.catch(() => undefined);
    return result;
  }

  async #compiled({ layers }: Model): Promise<WorkerModel> {
    const device = await this.device();
    const key = JSON.stringify(layers);
    if (this.#reading?.key === key && this.#reading.device === device) return this.#reading.model;
    this.#reading?.model.dispose();
    this.#reading = undefined;
    const model = await this.worker.sequential(layers);
    await model.compile({ loss: "binaryCrossentropy", metrics: ["acc"], device });
    this.#reading = { key, device, model };
    return model;
  }
}
