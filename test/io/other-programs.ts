/** Programs that run saved models. */
import * as tfjs from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { loadLayersModel } from "@tensorflow/tfjs-layers";
import * as native from "onnxruntime-node";
import * as web from "onnxruntime-web";
import { expect } from "vitest";
import { saveModel } from "../../src/io/index";
import type { Sequential } from "../../src/model/sequential";

interface Prediction {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Saves a model and has the program predict rows of token ids, [B, T]. */
export type Program = (model: Sequential, tokens: readonly number[][]) => Promise<Prediction>;

/** TF.js on its plain JavaScript backend. */
export const predictTfjs: Program = async (model, tokens) => {
  const files = await saveModel(model, "tfjs");
  const json = JSON.parse(new TextDecoder().decode(files["model.json"])) as {
    modelTopology: object;
    weightsManifest: { paths: string[]; weights: tfjs.io.WeightsManifestEntry[] }[];
  };
  const [{ paths, weights }] = json.weightsManifest;
  const weightData = await new Blob(paths.map((path) => files[path])).arrayBuffer();
  const handler = tfjs.io.fromMemory({ modelTopology: json.modelTopology, weightSpecs: weights, weightData });
  const loaded = await loadLayersModel(handler);
  const output = loaded.predict(tfjs.tensor2d([...tokens], undefined, "int32")) as tfjs.Tensor;
  return { data: (await output.data()) as Float32Array, shape: output.shape };
};

const feed = (tokens: readonly number[][]): [Int32Array, number[]] => [
  Int32Array.from(tokens.flat()),
  [tokens.length, tokens[0].length],
];

/** Versions of ONNX Runtime: an old one that is native code, and the newest one, in WebAssembly. */
export const onnxRuntimes: Record<string, Program> = {
  "onnxruntime-node": async (model, tokens) => {
    const session = await native.InferenceSession.create(await saveModel(model, "onnx"));
    const { output } = await session.run({ tokens: new native.Tensor("int32", ...feed(tokens)) });
    return { data: output.data as Float32Array, shape: output.dims };
  },
  "onnxruntime-web": async (model, tokens) => {
    const session = await web.InferenceSession.create(await saveModel(model, "onnx"));
    const { output } = await session.run({ tokens: new web.Tensor("int32", ...feed(tokens)) });
    return { data: output.data as Float32Array, shape: output.dims };
  },
};

/** What the issue of saved models asks of other programs. */
const closeness = 1e-5;

/** Values above 1 may be off by so much of themselves. */
export function expectClose(
  got: ArrayLike<number>,
  expected: Float32Array | Float64Array,
  program: string,
): void {
  expect(got.length, program).toBe(expected.length);
  expect(expected.every(Number.isFinite)).toBe(true);
  expected.forEach((value, i) => {
    expect(Math.abs(got[i] - value), program).toBeLessThan(closeness * Math.max(1, Math.abs(value)));
  });
}
