import h5wasm from "h5wasm";
import { describe, expect, test } from "vitest";
import { loadModel, loadWeights } from "../../src/io/index";
import { writeHdf5 } from "../../src/io/hdf5/writer";
import { FormatError } from "../../src/runtime/errors";
import { assertThrows } from "../support/assert";
import { keras2 } from "./keras2-file";
import { untrained } from "./models";

describe("what lies in the datasets", () => {
  async function withKernel(write: (group: InstanceType<typeof h5wasm.Group>) => void): Promise<Uint8Array> {
    const { FS } = await h5wasm.ready;
    FS.writeFile("/changed.h5", await keras2());
    const file = new h5wasm.File("/changed.h5", "a");
    const path = "model_weights/dense_1/dense_1";
    const group = file.get(path) as InstanceType<typeof h5wasm.Group>;
    file.create_soft_link("/nowhere", "unused");
    // HDF5 cannot take a name away here: the list of names is made to point at the new dataset instead.
    write(group);
    const layer = file.get("model_weights/dense_1") as InstanceType<typeof h5wasm.Group>;
    layer.delete_attribute("weight_names");
    layer.create_attribute("weight_names", ["dense_1/other", "dense_1/bias:0"], [2], "S16");
    file.close();
    const bytes = FS.readFile("/changed.h5");
    FS.unlink("/changed.h5");
    return bytes;
  }

  test("float64 is cast, and the cast is stated; names of fixed length are read", async () => {
    const data = Float64Array.from({ length: 7 }, (_, i) => (i + 1) / 3);
    const bytes = await withKernel((group) =>
      group.create_dataset({ name: "other", data, shape: [7, 1], dtype: "<d" }),
    );
    const notes: string[] = [];
    const model = await loadModel(bytes, { onNote: (note) => notes.push(note) });
    expect((await model.getWeights())[4].data).toEqual(Float32Array.from(data));
    expect(notes).toContain("weights stored as float64 are taken as float32");
  });

  test("texts, and no values at all, are refused", async () => {
    const texts = await withKernel((group) =>
      group.create_dataset({ name: "other", data: Array<string>(7).fill("x"), shape: [7, 1] }),
    );
    await assertThrows(
      () => loadModel(texts),
      FormatError,
      /numbers as "model_weights\/dense_1\/dense_1\/other"/,
    );
    const none = await withKernel(() => undefined);
    await assertThrows(
      () => loadModel(none),
      FormatError,
      /a dataset "model_weights.*other", got none; .*with its weights/,
    );
  });

  test("groups without datasets are no model", async () => {
    const empty = await writeHdf5({ groups: { layers: { groups: { dense: { groups: { vars: {} } } } } } });
    const model = untrained("plain");
    await assertThrows(
      () => loadWeights(model, empty),
      FormatError,
      /weights in the file, got groups without a dataset/,
    );
    const other = await writeHdf5({ groups: { data: {} } });
    await assertThrows(
      () => loadModel(other),
      FormatError,
      /model_config, layer_names or layers, got an empty one/,
    );
  });
});
