import { describe, expect, test } from "vitest";
import { formatSummary } from "../../src/model/summary";
import type { LayerSummary, ModelSummary } from "../../src/model/summary";
import { InvalidInputError } from "../../src/runtime/errors";
import { assertThrows } from "../support/assert";
import { hasShared, listShared, readShared } from "../support/shared-files";

type Shape = (number | null)[] | undefined;

function layer(name: string, className: string, outputShape: Shape, parameters?: number): LayerSummary {
  return { name, className, outputShape, parameters };
}

function model(layers: LayerSummary[], optimizer?: number): ModelSummary {
  const trainable = layers.reduce((sum, { parameters }) => sum + (parameters ?? 0), 0);
  return { name: "sequential", layers, trainable, nonTrainable: 0, optimizer };
}

const embedding = layer("embedding", "Embedding", [null, 500, 32], 320_000);
const rnn = (name: string, outputShape: Shape): LayerSummary => layer(name, "SimpleRNN", outputShape, 2_080);
const seedModel = model([embedding, rnn("simple_rnn", [null, 32]), layer("dense", "Dense", [null, 1], 33)]);

/** By the names of the files that hold Keras's text for them, without the width. */
const models: Record<string, ModelSummary> = {
  seed_input: seedModel,
  seed_input_compiled: seedModel,
  seed_input_trained: { ...seedModel, optimizer: 322_115 },
  seed_unbuilt: model([
    layer("embedding", "Embedding", undefined),
    layer("simple_rnn", "SimpleRNN", undefined),
    layer("dense", "Dense", undefined),
  ]),
  tiny: model([
    layer("embedding", "Embedding", [null, 9, 2], 6),
    layer("simple_rnn", "SimpleRNN", [null, 2], 10),
    layer("dense", "Dense", [null, 1], 3),
  ]),
  var_len: model([
    layer("embedding", "Embedding", [null, null, 32], 320_000),
    rnn("simple_rnn", [null, null, 32]),
    rnn("simple_rnn_1", [null, null, 32]),
    rnn("simple_rnn_2", [null, null, 32]),
    rnn("simple_rnn_3", [null, 32]),
  ]),
  longname: model([
    layer("a_very_long_embedding_layer_name_that_wraps", "Embedding", [null, 9, 5], 65),
    layer("short", "SimpleRNN", [null, 7], 91),
    layer("dense", "Dense", [null, 5], 40),
  ]),
  lstm: model([embedding, layer("lstm", "LSTM", [null, 32], 8_320), layer("dense", "Dense", [null, 1], 33)]),
  bi: model([
    embedding,
    layer("bidirectional", "Bidirectional", [null, 500, 64], 16_640),
    layer("bidirectional_1", "Bidirectional", [null, 32], 7_872),
    layer("dense", "Dense", [null, 16], 528),
    layer("dense_1", "Dense", [null, 1], 17),
  ]),
  big: model([
    layer("embedding", "Embedding", [null, 9, 300], 300_000_000),
    layer("lstm", "LSTM", [null, 9, 1024], 5_427_200),
    layer("dense", "Dense", [null, 9, 50000], 51_250_000),
  ]),
};

const folder = "keras-goldens/summary";

describe.skipIf(!hasShared(folder))("summary against Keras's texts (../shared/keras-goldens/summary)", () => {
  const files = listShared(folder, ".txt");

  test("every model here has a text there", () => {
    expect(new Set(files.map((file) => file.replace(/_\d+\.txt$/, "")))).toEqual(
      new Set(Object.keys(models)),
    );
  });

  for (const file of files) {
    test(file, () => {
      const [, name, width] = /^(.*)_(\d+)\.txt$/.exec(file) ?? [];
      const expected = new TextDecoder().decode(readShared(`${folder}/${file}`));
      expect(`${formatSummary(models[name], Number(width))}\n`).toBe(expected);
    });
  }
});

describe("summary", () => {
  test("two layers, a name too long for its column, an optimizer", () => {
    const layers = [
      layer("tokens_of_the_review_as_vectors", "Embedding", [null, null, 4], 1_000),
      layer("score", "Dense", [null, null, 1], 5),
    ];
    expect(
      formatSummary({ name: "tall", layers, trainable: 1_005, nonTrainable: 20, optimizer: 7 }, 60),
    ).toBe(
      [
        'Model: "tall"',
        "┏━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┓",
        "┃ Layer (type)           ┃ Output Shape    ┃   Param # ┃",
        "┡━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━┩",
        "│ tokens_of_the_review_… │ (None, None, 4) │     1,000 │",
        "│ (Embedding)            │                 │           │",
        "├────────────────────────┼─────────────────┼───────────┤",
        "│ score (Dense)          │ (None, None, 1) │         5 │",
        "└────────────────────────┴─────────────────┴───────────┘",
        " Total params: 1,032 (4.03 KB)",
        " Trainable params: 1,005 (3.93 KB)",
        " Non-trainable params: 20 (80.00 B)",
        " Optimizer params: 7 (28.00 B)",
      ].join("\n"),
    );
  });

  test("one layer, unbuilt, in a narrow terminal: shapes and headers wrap", () => {
    const layers = [layer("rnn", "SimpleRNN", [null, 500, 32]), layer("dense", "Dense", undefined)];
    expect(
      formatSummary({ name: "m", layers, trainable: 0, nonTrainable: 0 }, 36).split("\n").slice(0, 11),
    ).toEqual([
      'Model: "m"',
      "┏━━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━┓",
      "┃ Layer       ┃ Output  ┃ Par… ┃",
      "┃ (type)      ┃ Shape   ┃    # ┃",
      "┡━━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━┩",
      "│ rnn         │ (None,  │    0 │",
      "│ (SimpleRNN) │ 500,    │ (un… │",
      "│             │ 32)     │      │",
      "├─────────────┼─────────┼──────┤",
      "│ dense       │ ?       │    0 │",
      "│ (Dense)     │         │ (un… │",
    ]);
  });

  test("no wider than 88 characters; refuses a terminal without room", async () => {
    const widest = Math.max(
      ...formatSummary(seedModel, 500)
        .split("\n")
        .map((line) => line.length),
    );
    expect(widest).toBe(88);
    await assertThrows(() => formatSummary(seedModel, 19), InvalidInputError, /summary: expected a width/);
  });
});
