import { describe, expect, test } from "vitest";
import { inspectModel, loadModel, saveModel } from "../../src/io/index";
import type { ModelFormat, ModelSource, SavableModel } from "../../src/io/index";
import { crc32 } from "../../src/files/crc32";
import { detectKind } from "../../src/io/detect";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors";
import { dense, embedding, input, simpleRNN } from "../../src/model/layers";
import { sequential } from "../../src/model/sequential";
import { FormatError, InvalidInputError } from "../../src/runtime/errors";
import { assertThrows } from "../support/assert";
import { hasShared, listShared, readShared } from "../support/shared-files";
import { sealed } from "./sealed";

/** No network, but what the format needs of one. */
const fake: SavableModel = {
  getConfig: () => ({ name: "fake", layers: [{ className: "Dense", units: 2 }] }),
  getWeights: () =>
    Promise.resolve([
      { name: "dense/kernel", shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      { name: "dense/bias", shape: [2], data: Float32Array.of(7, 8) },
    ]),
};

/** The file of `fake` with its metadata changed. */
async function withMetadata(changes: Record<string, string | undefined>): Promise<Uint8Array> {
  const { tensors, metadata } = readSafetensors(await saveModel(fake));
  const changed = Object.entries({ ...metadata, ...changes }).filter(([, value]) => value !== undefined);
  return writeSafetensors([...tensors.values()], Object.fromEntries(changed) as Record<string, string>);
}

describe("the native model file", () => {
  test("architecture, weights and metadata come back", async () => {
    const metadata = { vocabulary: '["a","b"]', note: "ä" };
    const file = await inspectModel(await saveModel(fake, "safetensors", { metadata }));
    expect(file.architecture).toEqual(fake.getConfig());
    expect(file.weights).toEqual(await fake.getWeights());
    expect(file.metadata).toEqual(metadata);
  });

  test("the same model gives the same bytes", async () => {
    expect(await saveModel(fake)).toEqual(await saveModel(fake));
  });

  test("any reader of safetensors finds the weights under Keras's names", async () => {
    const { tensors, metadata } = readSafetensors(await saveModel(fake));
    expect([...tensors.keys()]).toEqual(["dense/kernel", "dense/bias"]);
    expect(metadata).toMatchObject({ format: "webgpu-rnn", version: "1" });
  });

  test("from bytes, an ArrayBuffer, a Blob or a File", async () => {
    const bytes = await saveModel(fake);
    const sources: ModelSource[] = [
      bytes,
      bytes.buffer,
      new Blob([bytes]),
      new File([bytes], "m.safetensors"),
    ];
    for (const source of sources) expect((await inspectModel(source)).weights.length).toBe(2);
  });

  test("any flipped bit of the tensors or the architecture is found", async () => {
    const bytes = await saveModel(fake);
    const at = new TextDecoder().decode(bytes).indexOf("Dense");
    for (const position of [bytes.length - 1, bytes.length - 32, at]) {
      const damaged = bytes.slice();
      damaged[position] ^= 4;
      await assertThrows(() => inspectModel(damaged), FormatError, /loadModel: expected checksum/);
    }
  });

  test("a cut-off file, another program's file, a later version, missing parts", async () => {
    const bytes = await saveModel(fake);
    await assertThrows(
      () => inspectModel(bytes.subarray(0, bytes.length - 1)),
      FormatError,
      /readSafetensors/,
    );
    const cases: [Record<string, string | undefined>, RegExp][] = [
      [{ format: undefined }, /got a safetensors file of another program/],
      [{ format: "pt" }, /got format "pt"/],
      [{ version: "2" }, /expected version 1, got 2; update webgpu-rnn/],
      [{ checksum: undefined }, /expected checksum in the metadata/],
      [{ architecture: undefined }, /expected checksum/],
    ];
    for (const [changes, message] of cases) {
      const changed = await withMetadata(changes);
      await assertThrows(() => inspectModel(changed), FormatError, message);
    }
  });

  test("an architecture that is no JSON object, and weights that are no F32", async () => {
    for (const architecture of ["{", "7"]) {
      const changed = sealed(await withMetadata({ architecture }));
      await assertThrows(() => inspectModel(changed), FormatError, /architecture/);
    }
    const data = Float64Array.of(1);
    const metadata = {
      format: "webgpu-rnn",
      version: "1",
      architecture: "{}",
      checksum: "00000000",
    };
    const doubles = sealed(writeSafetensors([{ name: "w", shape: [1], data }], metadata));
    await assertThrows(() => inspectModel(doubles), FormatError, /expected F32 as type of "w", got F64/);
  });

  test("reserved metadata, metadata that are no strings, formats that are not written", async () => {
    const save = (metadata: object) => () =>
      saveModel(fake, "safetensors", { metadata: metadata as Record<string, string> });
    await assertThrows(save({ checksum: "x" }), InvalidInputError, /without format, .*got "checksum"/);
    await assertThrows(save({ epochs: 3 }), InvalidInputError, /a string as metadata "epochs", got number/);
    const options = { preprocessing: "none" } as object;
    await assertThrows(
      () => saveModel(fake, "safetensors", options),
      InvalidInputError,
      /got "preprocessing"; /,
    );
    const format = (name: string) => () => saveModel(fake, name as ModelFormat);
    await assertThrows(format("zip"), InvalidInputError, /a format of safetensors, keras, .*, got "zip"; /);
    await assertThrows(format("toString"), InvalidInputError, /got "toString"; /);
  });

  test("sources that are no bytes", async () => {
    const load = (source: unknown) => () => loadModel(source as Uint8Array);
    await assertThrows(
      load("imdb.keras"),
      InvalidInputError,
      /an address, got "imdb.keras"; in Node, .*loadModelFile/,
    );
    await assertThrows(load(7), InvalidInputError, /got number; read the file first/);
    await assertThrows(load(null), InvalidInputError, /got null/);
    await assertThrows(
      load({ "a.bin": new Uint8Array(0), "b.bin": new Uint8Array(0) }),
      InvalidInputError,
      /model.json/,
    );
    const options = { compiled: false } as object;
    await assertThrows(() => loadModel(new Uint8Array(0), options), InvalidInputError, /got "compiled"/);
  });
});

describe("other kinds of files are named", () => {
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  const hdf5 = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0);
  const files: Record<string, [Uint8Array, string, RegExp]> = {
    "a zip archive": [text("PK\u0003\u0004rest"), "keras", /a zip file, got 8 bytes without a zip's end/],
    HDF5: [hdf5, "h5", /an HDF5 file, got 9 bytes/],
    "TF.js": [text(' \n{"modelTopology": {}}'), "tfjs", /a Sequential model, got one of class nothing/],
    "a graph model": [text('{"format": "graph-model"}'), "tfjs", /a TF.js layers model, got a graph model/],
    "other JSON": [text('{"name": "x"}'), "tfjs", /modelTopology in model.json, got nothing/],
    ONNX: [
      Uint8Array.of(8, 9, 18, 3, ...new Uint8Array(20).fill(65)),
      "onnx",
      /got an ONNX file; .*not read/,
    ],
    "nothing known": [text("hello, world, hello, world"), "unknown", /got bytes of no known model format/],
    "nothing at all": [new Uint8Array(0), "unknown", /got bytes of no known model format/],
  };
  for (const [name, [bytes, kind, message]] of Object.entries(files)) {
    test(name, async () => {
      expect(detectKind(bytes)).toBe(kind);
      await assertThrows(() => loadModel(bytes), FormatError, message);
    });
  }

  test("JSON whose first character could be a safetensors length is JSON", () => {
    expect(detectKind(text('{"abcde":{"x":1}}'))).toBe("tfjs");
  });

  test.skipIf(!hasShared("keras-files"))("Keras's own files (../shared/keras-files)", () => {
    for (const file of listShared("keras-files", ".keras")) {
      expect(detectKind(readShared(`keras-files/${file}`))).toBe("keras");
    }
    for (const file of listShared("keras-files", ".h5")) {
      expect(detectKind(readShared(`keras-files/${file}`))).toBe("h5");
    }
  });
});

describe("models", () => {
  const makeModel = () =>
    sequential(
      [
        input({ shape: [9] }),
        embedding(13, 5, { maskZero: true, name: "words" }),
        simpleRNN(7, { returnSequences: true, activation: "relu", useBias: false }),
        simpleRNN(4, { goBackwards: true, recurrentInitializer: "glorotNormal" }),
        dense(1, { activation: "sigmoid" }),
      ],
      { name: "reviews" },
    );

  test("are saved and loaded without a device", async () => {
    const model = makeModel();
    const loaded = await loadModel(await saveModel(model));
    expect(loaded.name).toBe("reviews");
    expect(JSON.stringify(loaded.getConfig())).toBe(JSON.stringify(model.getConfig()));
    expect(await loaded.getWeights()).toEqual(await model.getWeights());
    const quiet = { print: () => undefined };
    expect(loaded.summary(quiet)).toBe(model.summary(quiet));
  });

  test("whose architecture is of another make are refused by name", async () => {
    const layer = (initializer: unknown): object => ({
      className: "Dense",
      units: 2,
      kernelInitializer: initializer,
    });
    const configs: [object, RegExp][] = [
      [{}, /a name and a list of layers as architecture, got \{\}/],
      [{ layers: [null] }, /a list of layers/],
      [{ name: 3, layers: [] }, /a name and a list/],
      [{ layers: [{ className: "Mystery" }] }, /Mystery/],
      [{ layers: [layer({})] }, /initializer: expected name as one of zeros.*got "undefined"/],
      [{ layers: [layer({ name: "constant", config: { value: "x" } })] }, /a finite number as value, got x/],
    ];
    for (const [config, message] of configs) {
      const bytes = await saveModel({ getConfig: () => config, getWeights: () => Promise.resolve([]) });
      await assertThrows(() => loadModel(bytes), FormatError, message);
    }
  });

  test("whose weights do not fit the architecture are refused", async () => {
    const model = makeModel();
    const broken: SavableModel = {
      getConfig: () => model.getConfig(),
      getWeights: async () => (await model.getWeights()).slice(1),
    };
    const bytes = await saveModel(broken);
    await assertThrows(
      () => loadModel(bytes),
      FormatError,
      /architecture and weights that fit, got a file refused/,
    );
  });
});

test("crc32: the standard check value, in one part or several", () => {
  const bytes = new TextEncoder().encode("123456789");
  expect(crc32(bytes)).toBe("cbf43926");
  expect(crc32(bytes.subarray(0, 4), bytes.subarray(4))).toBe("cbf43926");
  expect(crc32()).toBe("00000000");
});
