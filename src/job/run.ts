import { rmsprop, sequential } from "../index";
import { saveModel } from "../io/index";
import type { Device } from "../runtime/device";
import { networkLayers } from "./networks";
import { withSpares } from "./spare-devices";
import { trainAndEvaluate, type TrainOptions } from "./train";
import type { JobConfig, JobData, JobResult } from "./types";

/**
 * The main job, the same in Node and in a browser: make the model (that of the Keras script, if `config` names no
 * other), train it, evaluate it.
 *
 * @param options.another requests another device where the first is lost
 * @returns the run's figures, and the trained model as a safetensors file
 * @throws {DOMException} `AbortError`: `signal` asked to stop.
 */
export async function runJob(
  config: JobConfig,
  data: JobData,
  device: Device,
  { another, ...options }: TrainOptions & { another?: () => Promise<Device> },
): Promise<{ result: JobResult; weights: Uint8Array<ArrayBuffer> }> {
  const started = performance.now();
  const model = sequential(networkLayers(config)).build([null, config.maxlen]);
  try {
    await model.compile({
      optimizer: rmsprop({ learningRate: config.learningRate }),
      loss: "binaryCrossentropy",
      metrics: ["acc"],
      device: another ? withSpares(device, another) : device,
      seed: config.seed,
    });
    options.emit({
      kind: "begin",
      adapter: device.description,
      summary: model.summary({ print: () => undefined }),
    });
    const { earlier, ...figures } = await trainAndEvaluate(model, config, data, options);
    const seconds = earlier + (performance.now() - started) / 1000;
    const weights = await saveModel(model, "safetensors", { metadata: data.preprocessing });
    const result = { adapter: device.description, parameters: model.parameterCount, ...figures, seconds };
    return { result, weights };
  } finally {
    model.dispose();
  }
}
