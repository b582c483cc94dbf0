import h5wasm from "h5wasm";
import type { Group } from "h5wasm";
import { describe, expect, test } from "vitest";
import { inspectModel, loadModel, loadWeights } from "../../src/io/index";
import { layers, plans, values } from "./keras2-file";
import { untrained } from "./models";

/** How a file keeps its numbers and strings; Keras leaves it to h5py, and people save files again with other tools. */
interface Storage {
  dtype: "<f" | "<d";
  /** The type of strings: of a variable length, or of so many bytes. */
  text: "S" | "S4096";
  /** Deflated, in chunks that do not divide the arrays. */
  folded?: boolean;
  withModel?: boolean;
}

let files = 0;

async function fileOf({ dtype, text, folded = false, withModel = false }: Storage): Promise<Uint8Array> {
  const { FS } = await h5wasm.ready;
  const name = `/storage-${files++}.h5`;
  const file = new h5wasm.File(name, "w");
  const strings = (group: Group, key: string, list: string[]): void =>
    group.create_attribute(key, list, [list.length], text);
  if (withModel) {
    const config = JSON.stringify({ class_name: "Sequential", config: layers });
    file.create_attribute("model_config", config, null, text);
    // Some tools make a list of one of every string.
    file.create_attribute("keras_version", ["2.2.4"], [1], text);
  }
  const root: Group = withModel ? file.create_group("model_weights") : file;
  const names = [...new Set(plans.map(([layer]) => layer))];
  strings(root, "layer_names", names);
  for (const layer of names) {
    const group = root.create_group(layer);
    const own = plans.flatMap(([each], i) => (each === layer ? [i] : []));
    strings(
      group,
      "weight_names",
      own.map((i) => plans[i][1]),
    );
    group.create_group(layer);
    for (const i of own) {
      const { shape, data } = values(i);
      const chunks = folded ? { chunks: shape.map((size) => Math.ceil(size / 2)), compression: 6 } : {};
      const stored = dtype === "<d" ? Float64Array.from(data) : Float32Array.from(data);
      group.create_dataset({ name: plans[i][1], data: stored, shape: [...shape], dtype, ...chunks });
    }
  }
  file.close();
  const bytes = new Uint8Array(FS.readFile(name));
  FS.unlink(name);
  return bytes;
}

const expected = plans.map((_, i) => [...values(i).data]);
const cast = "weights stored as float64 are taken as float32";

describe("HDF5 files with other types and layouts than Keras's", () => {
  const cases: [string, Storage, string[]][] = [
    ["float32, strings of a fixed length", { dtype: "<f", text: "S4096" }, []],
    ["float64", { dtype: "<d", text: "S" }, [cast]],
    ["float32, in deflated chunks", { dtype: "<f", text: "S", folded: true }, []],
    ["float64, in deflated chunks", { dtype: "<d", text: "S4096", folded: true }, [cast]],
  ];
  for (const [name, storage, said] of cases) {
    test(`${name}: weights alone, and a model`, async () => {
      const notes: string[] = [];
      const model = untrained("plain");
      await loadWeights(model, await fileOf(storage), { onNote: (note) => notes.push(note) });
      expect((await model.getWeights()).map(({ data }) => [...data])).toEqual(expected);
      expect(notes).toEqual(said);
      const whole = await fileOf({ ...storage, withModel: true });
      expect((await inspectModel(whole)).writer).toBe("Keras 2.2.4");
      const loaded = await loadModel(whole, { onNote: () => undefined });
      expect((await loaded.getWeights()).map(({ data }) => [...data])).toEqual(expected);
    });
  }
});
