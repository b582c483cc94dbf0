import { bidirectional, dense, embedding, lstm, sequential, type Device } from "webgpu-rnn";
import { loadModel, saveModel, type FileFormat } from "webgpu-rnn/io";
import { assertEqual } from "../support/assert";

const tokens = [
  [3, 7, 1, 12, 5, 9, 2, 11],
  [0, 0, 4, 0, 1, 6, 3, 10],
];

/** Saves a model, and loads what came out as the `File` that a page is given. */
export async function roundTripOfFile(device: Device, format: FileFormat): Promise<void> {
  const model = sequential([
    embedding(13, 5, { maskZero: true }),
    bidirectional(lstm(4)),
    dense(1, { activation: "sigmoid" }),
  ]);
  await model.compile({ optimizer: "adam", loss: "binaryCrossentropy", device, seed: 3 });
  await model.trainOnBatch(tokens, [1, 0]);
  const file = new File([await saveModel(model, format)], `model.${format}`);
  const loaded = await loadModel(file, { device, onNote: () => undefined });
  const weights = await model.getWeights();
  for (const [i, { name, data }] of (await loaded.getWeights()).entries()) {
    const same = weights[i].name === name && weights[i].data.every((value, j) => Object.is(value, data[j]));
    if (!same) throw new Error(`${format}: "${name}" is not "${weights[i].name}" as it was`);
  }
  const expected = await model.predict(tokens);
  assertEqual([...(await loaded.predict(tokens)).data], [...expected.data], "predictions");
  [model, loaded].forEach((made) => made.dispose());
}

/** What a model file predicts, read as a `File` or from an address. */
export async function predictByFile(
  device: Device,
  source: File | string,
  inputs: number[][],
): Promise<number[]> {
  const loaded = await loadModel(source, { device, onNote: () => undefined });
  const { data } = await loaded.predict(inputs);
  loaded.dispose();
  return [...data];
}
