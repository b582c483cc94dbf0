import { saveModel } from "webgpu-rnn/io";
import type { Job } from "./job";
import { jobModel } from "./model";

/** The job's net as an ONNX file, from this library's own writer. */
export async function onnxModel(job: Job): Promise<Uint8Array> {
  const model = jobModel(job);
  await model.setWeights(job.weights);
  return saveModel(model, "onnx");
}
