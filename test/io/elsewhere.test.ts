import * as tfjs from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { loadLayersModel } from "@tensorflow/tfjs-layers";
import { InferenceSession, Tensor } from "onnxruntime-web";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadModel, saveModel } from "../../src/io/index";
import type { Sequential } from "../../src/model/sequential";
import type { Device } from "../../src/runtime/device";
import { getTestDevice } from "../support/adapter";
import { samples, tokens, trained } from "./models";

/** What the issue of saved models asks of other programs. */
const closeness = 1e-5;

function expectClose(got: ArrayLike<number>, expected: Float32Array): void {
  expect(got.length).toBe(expected.length);
  expected.forEach((value, i) => expect(Math.abs(got[i] - value)).toBeLessThan(closeness));
}

async function predictTfjs(model: Sequential): Promise<{ data: Float32Array; shape: number[] }> {
  const files = await saveModel(model, "tfjs");
  const json = JSON.parse(new TextDecoder().decode(files["model.json"])) as {
    modelTopology: object;
    weightsManifest: { paths: string[]; weights: tfjs.io.WeightsManifestEntry[] }[];
  };
  const [{ paths, weights }] = json.weightsManifest;
  const weightData = await new Blob(paths.map((path) => files[path])).arrayBuffer();
  const handler = tfjs.io.fromMemory({ modelTopology: json.modelTopology, weightSpecs: weights, weightData });
  const loaded = await loadLayersModel(handler);
  const output = loaded.predict(tfjs.tensor2d(tokens, undefined, "int32")) as tfjs.Tensor;
  return { data: (await output.data()) as Float32Array, shape: output.shape };
}

async function predictOnnx(model: Sequential): Promise<{ data: Float32Array; shape: number[] }> {
  const session = await InferenceSession.create(await saveModel(model, "onnx"));
  const input = new Tensor("int32", Int32Array.from(tokens.flat()), [tokens.length, tokens[0].length]);
  const { output } = await session.run({ tokens: input });
  return { data: output.data as Float32Array, shape: [...output.dims] };
}

describe("other programs run what is saved", () => {
  let device: Device | undefined;
  beforeAll(async () => (device = await getTestDevice()));
  afterAll(() => device?.destroy());

  for (const name of Object.keys(samples)) {
    test(`TF.js, ${name}`, async (context) => {
      if (!device) return context.skip();
      const model = await trained(name, device);
      const expected = await model.predict(tokens);
      const got = await predictTfjs(model);
      expect(got.shape).toEqual(expected.shape);
      expectClose(got.data, expected.data);
      model.dispose();
    });

    test(`ONNX Runtime, ${name}`, async (context) => {
      if (!device) return context.skip();
      const model = await trained(name, device);
      const expected = await model.predict(tokens);
      const got = await predictOnnx(model);
      expect(got.shape).toEqual(expected.shape);
      expectClose(got.data, expected.data);
      model.dispose();
    });
  }

  test("an ONNX file is named, and not read", async (context) => {
    if (!device) return context.skip();
    const model = await trained("plain", device);
    const bytes = await saveModel(model, "onnx", { metadata: { note: "ä" } });
    await expect(loadModel(bytes)).rejects.toThrow(/got an ONNX file; ONNX files are written, not read/);
    expect(new TextDecoder().decode(bytes)).toContain("note");
    model.dispose();
  });
});
