import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import loader from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import binary from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import { rowsOf, type Job, type JobMatrix } from "../job";
import { inWholeRounds, type Contestant, type Engine } from "./engine";

const absolute = (address: string): string => new URL(address, location.href).href;
env.wasm.wasmPaths = { mjs: absolute(loader), wasm: absolute(binary) };
// As TF.js's wasm backend does: all cores where the page may share memory between threads. Without this
// ONNX Runtime takes half of them.
env.wasm.numThreads = crossOriginIsolated ? navigator.hardwareConcurrency : 1;

/**
 * ONNX Runtime on WebAssembly: forward only, it trains nothing. Its input is [batch, steps] of any size, and its
 * work does not depend on how long the reviews are: it runs through the padding.
 *
 * @param modelOf the job's net as an ONNX file
 */
export function onnxruntimeWeb(modelOf: (job: Job) => Promise<Uint8Array>): Engine {
  return {
    async open(job) {
      const session = await InferenceSession.create(await modelOf(job), { executionProviders: ["wasm"] });
      return contestant(session, job);
    },
  };
}

function contestant(session: InferenceSession, job: Job): Contestant {
  const { batchSize, batches } = job;
  const [input] = session.inputNames;
  const [output] = session.outputNames;

  async function predict({ data, shape }: JobMatrix): Promise<Float32Array> {
    const results = await session.run({ [input]: new Tensor("int32", data, shape) });
    return results[output].data as Float32Array;
  }

  return {
    probabilities: () => predict(rowsOf(job, 0, batchSize).x),
    async forward(wanted) {
      const count = Math.max(1, wanted);
      for (let i = 0; i < count; i++) await predict(rowsOf(job, (i % batches) * batchSize, batchSize).x);
      return count;
    },
    single: (reviews) => inWholeRounds(reviews, 1, (i) => predict(rowsOf(job, i % batchSize, 1).x)),
    dispose: () => void session.release(),
  };
}
