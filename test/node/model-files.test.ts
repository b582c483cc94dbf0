import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dense, embedding, sequential, simpleRNN } from "../../src/index";
import { loadModel, saveModel } from "../../src/io/index";
import { describeModel, formatDescription } from "../../src/node/describe-model";
import { convertModel, loadModelFile, loadWeightsFile, saveModelFile } from "../../src/node/model-files";
import { DownloadError, FormatError, InvalidInputError } from "../../src/runtime/errors";
import { halfTrained } from "../io/damage";
import { untrained } from "../io/models";
import { assertThrows } from "../support/assert";
import { hasShared } from "../support/shared-files";

const sharedPath = (path: string): string =>
  fileURLToPath(new URL(`../../../shared/${path}`, import.meta.url));

let folder: string;
const at = (name: string): string => join(folder, name);
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "model-files-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("files of models", () => {
  test("every format by its ending, and back, and around in a circle", async () => {
    const model = halfTrained("stacked");
    const metadata = { vocabulary: '["a"]' };
    const weights = await untrained("stacked").getWeights();
    await saveModelFile(model, at("a.safetensors"), { metadata });
    for (const [from, to] of [
      ["a.safetensors", "b.keras"],
      ["b.keras", "c.h5"],
      ["c.h5", "d.safetensors"],
    ]) {
      expect(await convertModel(at(from), at(to))).toEqual({ files: [at(to)], notes: [] });
      const loaded = await loadModelFile(at(to));
      expect(await loaded.getWeights()).toEqual(weights);
      expect(await loaded.getOptimizerState()).toEqual(await model.getOptimizerState?.());
    }
    expect((await describeModel(at("d.safetensors"))).metadata).toEqual(metadata);
  });

  test("TF.js into a folder, and ONNX", async () => {
    const model = halfTrained("plain");
    const files = ["group1-shard1of1.bin", "model.json"];
    expect(await saveModelFile(model, at("web"))).toEqual(files.map((name) => join(at("web"), name)));
    expect(await convertModel(at("web"), at("net/model.json"))).toEqual({
      files: files.map((name) => join(at("net"), name)),
      notes: [],
    });
    const weights = await untrained("plain").getWeights();
    expect(await (await loadModelFile(at("web"))).getWeights()).toEqual(weights);
    expect(await (await loadModelFile(at("net/model.json"))).getWeights()).toEqual(weights);
    await convertModel(at("web/model.json"), at("e.onnx"));
    expect(Buffer.compare(readFileSync(at("e.onnx")), await saveModel(model, "onnx"))).toBe(0);
    const other = untrained("plain");
    await loadWeightsFile(other, at("net"));
    expect(await other.getWeights()).toEqual(weights);
  });

  test("a failure writes nothing", async () => {
    const before = readdirSync(folder).sort();
    const stateful = sequential([embedding(9, 2), simpleRNN(3, { stateful: true }), dense(1)]);
    await saveModelFile(stateful, at("stateful.keras"));
    await assertThrows(
      () => convertModel(at("stateful.keras"), at("stateful.onnx")),
      InvalidInputError,
      /got stateful \(simple_rnn\)/,
    );
    await assertThrows(
      () => convertModel(at("stateful.keras"), at("x.pt")),
      InvalidInputError,
      /ends in .*got ".*x.pt"/,
    );
    await assertThrows(
      () => convertModel(at("stateful.keras"), at("x.weights.h5")),
      InvalidInputError,
      /ends in/,
    );
    await assertThrows(() => convertModel(at("none.h5"), at("x.keras")), InvalidInputError, /no such file/);
    writeFileSync(at("bad.json"), '{"weightsManifest": [{"paths": ["../../secret"]}]}');
    await assertThrows(() => loadModelFile(at("bad.json")), FormatError, /shards beside model.json/);
    expect(readdirSync(folder).sort()).toEqual([...before, "bad.json", "stateful.keras"].sort());
  });
});

describe("addresses", () => {
  const server = createServer((request, response) => {
    const path = at(decodeURIComponent(request.url ?? ""));
    response.writeHead(existsSync(path) ? 200 : 404);
    response.end(existsSync(path) ? readFileSync(path) : "nothing here");
  });
  let base: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  test("a file, and model.json with the shards beside it; what is not there", async () => {
    const weights = await untrained("plain").getWeights();
    await saveModelFile(halfTrained("plain"), at("served.keras"));
    await saveModelFile(halfTrained("plain"), at("served/model.json"));
    for (const name of ["served.keras", "served/model.json"]) {
      expect(await (await loadModel(`${base}/${name}`)).getWeights()).toEqual(weights);
      expect(await (await loadModel(new URL(name, base))).getWeights()).toEqual(weights);
    }
    rmSync(at("served/group1-shard1of1.bin"));
    for (const name of ["none.keras", "served/model.json"]) {
      await assertThrows(
        () => loadModel(`${base}/${name}`),
        DownloadError,
        /a file at http.*, got status 404/,
      );
    }
  });
});

describe("webgpu-rnn info", () => {
  test("what a file holds, in words", async () => {
    await saveModelFile(halfTrained("plain"), at("info.keras"), { metadata: { note: "x".repeat(100) } });
    const text = formatDescription(await describeModel(at("info.keras")));
    expect(text).toMatch(
      /info\.keras: \.keras archive, [\d,]+ bytes, written by Keras 3\.16\.0 \(webgpu-rnn\)\nModel: "sample"/,
    );
    expect(text).toMatch(/embedding \(Embedding\) +│ \(None, None, 5\) +│ +65 │/);
    expect(text).toContain("Compiled: adam at 0.001, binaryCrossentropy, acc; optimizer after 3 steps");
    expect(text).toMatch(/Tensors: 20, 494 values\n {2}layers\/embedding\/vars\/0 +\[13, 5\] +<f4\n/);
    expect(text).toContain(`Metadata note: ${"x".repeat(57)}… (100 characters)`);
  });

  test.skipIf(!hasShared("keras-files"))("Keras's own (../shared/keras-files)", async () => {
    const weights = formatDescription(await describeModel(sharedPath("keras-files/a_simplernn.weights.h5")));
    expect(weights).toMatch(/Keras \.weights\.h5, weights alone, 23,384 bytes/);
    expect(weights).toContain("layers/simple_rnn/cell/vars/1");
    const h5 = formatDescription(await describeModel(sharedPath("keras-files/seed_simplernn.h5")));
    expect(h5).toContain("written by Keras 3.16.0 (torch)");
    expect(h5).toContain('Note: InputLayer "input_layer": the batch size 4 is ignored, any will do');
    const lstm = formatDescription(await describeModel(sharedPath("keras-files/c_lstm.keras")));
    expect(lstm).toMatch(/lstm \(LSTM\) +│ \(None, 6\) +│ +288 │/);
  });

  test("a model that the engine cannot run: its layers all the same, and which are lacking", async () => {
    const layers = [
      { class_name: "Embedding", config: { name: "words", input_dim: 9, output_dim: 2 } },
      { class_name: "LSTM", config: { name: "lstm", units: 3, activation: "gelu" } },
      { class_name: "Attention", config: { name: "look" } },
    ];
    const json = {
      modelTopology: {
        keras_version: "2.15.0",
        model_config: { class_name: "Sequential", config: { layers } },
      },
      weightsManifest: [
        { paths: ["shard"], weights: [{ name: "words/embeddings", shape: [9, 2], dtype: "float32" }] },
      ],
    };
    writeFileSync(at("model.json"), JSON.stringify(json));
    writeFileSync(at("shard"), new Uint8Array(72));
    const text = formatDescription(await describeModel(at("model.json")));
    expect(text).toMatch(
      /model\.json: TF\.js layers model, [\d,]+ bytes, written by TF\.js \(Keras 2\.15\.0\)\n/,
    );
    expect(text).toMatch(/│ words \(Embedding\) +│ \[9, 2\] +│ +18 │ yes +│/);
    expect(text).toMatch(/│ lstm \(LSTM\) +│ +│ +0 │ no +│/);
    expect(text).toMatch(/│ look \(Attention\) +│ +│ +0 │ no +│/);
    expect(text).toMatch(/Not supported: LSTM "lstm": .*activation of LSTM "lstm" among .*got "gelu"/);
    expect(text).toContain('Not supported: Attention "look": the engine has no such layer');
    await assertThrows(() => loadModelFile(at("model.json")), FormatError, /got Attention \("look"\)/);
  });
});
