import { describe, expect, test } from "vitest";
import {
  bidirectional,
  conv1d,
  dense,
  embedding,
  globalAveragePooling1d,
  gru,
  lstm,
  masking,
} from "../../src/index";
import type { Layer } from "../../src/index";
import { dialectOf, firstKeras3 } from "../../src/io/keras/activations";
import { configToKeras, modelFromKeras } from "../../src/io/keras/model-config";
import { planArchitecture } from "../../src/model/architecture";

const sequences = { returnSequences: true };
const masked = embedding(5, 2, { maskZero: true });

/** What is said of a model's masks in a file that a version of Keras wrote. */
function notesOf(layers: readonly Layer[], version?: string): string[] {
  const notes: string[] = [];
  const json = configToKeras("net", planArchitecture(layers));
  const model = modelFromKeras(json, notes, dialectOf(version, firstKeras3));
  expect(model.refusal).toBeUndefined();
  return notes;
}

describe("a mask behind a recurrent layer that returns sequences", () => {
  test("is handed on by Keras before 3.16, and not here: a note names the layers", () => {
    const layers = [
      masked,
      lstm(2, sequences),
      dense(2),
      gru(2, sequences),
      globalAveragePooling1d(),
      dense(1),
    ];
    const note =
      "masks are taken as in Keras 3.16; the Keras of this file predicts otherwise: " +
      'GRU "gru" behind a layer that ends a mask, GlobalAveragePooling1D "global_average_pooling1d" behind a layer that ends a mask';
    for (const version of ["2.0.8", "2.15.0", "3.3.3", "3.15.1", undefined]) {
      expect(notesOf(layers, version), version).toEqual([note]);
    }
    for (const version of ["3.16.0", "3.17.1", "4.0.0"]) expect(notesOf(layers, version)).toEqual([]);
  });

  test("of a Bidirectional and of a masking layer, too", () => {
    const layers = [embedding(5, 2), masking(), bidirectional(lstm(2, sequences)), lstm(2), dense(1)];
    expect(notesOf(layers, "3.15.1")).toEqual([expect.stringContaining('otherwise: LSTM "lstm_1" behind')]);
  });

  test("nothing is said where no mask goes on, or none is taken", () => {
    for (const layers of [
      [embedding(5, 2), lstm(2, sequences), lstm(2), dense(1)],
      [masked, lstm(2, sequences), dense(1)],
      [masked, lstm(2), dense(1)],
      [masked, conv1d(2, 1), lstm(2, sequences), lstm(2), dense(1)],
      [masked, lstm(2, sequences), masking(), lstm(2), dense(1)],
    ]) {
      expect(notesOf(layers, "2.15.0")).toEqual([]);
    }
  });
});
