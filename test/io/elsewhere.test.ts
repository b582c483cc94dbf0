import { beforeAll, describe, expect, test } from "vitest";
import { loadModel, saveModel } from "../../src/io/index";
import type { Device } from "../../src/runtime/device";
import { getSharedDevice } from "../support/adapter";
import { samples, tokens, trained } from "./models";
import { expectClose, onnxRuntimes, predictTfjs } from "./other-programs";

describe("other programs run what is saved", () => {
  let device: Device | undefined;
  beforeAll(async () => (device = await getSharedDevice()));

  for (const name of Object.keys(samples)) {
    test(name, async (context) => {
      if (!device) return context.skip("no WebGPU adapter");
      const model = await trained(name, device);
      const expected = await model.predict(tokens);
      for (const [program, predict] of Object.entries({ "TF.js": predictTfjs, ...onnxRuntimes })) {
        const got = await predict(model, tokens);
        expect(got.shape, program).toEqual(expected.shape);
        expectClose(got.data, expected.data, program);
      }
      model.dispose();
    });
  }

  test("an ONNX file is named, and not read", async (context) => {
    if (!device) return context.skip("no WebGPU adapter");
    const model = await trained("plain", device);
    const bytes = await saveModel(model, "onnx", { metadata: { note: "ä" } });
    await expect(loadModel(bytes)).rejects.toThrow(/got an ONNX file; ONNX files are written, not read/);
    expect(new TextDecoder().decode(bytes)).toContain("note");
    model.dispose();
  });
});
