import {
  dense,
  embedding,
  sequential,
  simpleRNN,
  type Device,
  type Layer,
  type Sequential,
} from "../../src/index";

/** Token ids, [3, 4], and a label for each row. */
export const x = [
  [0, 1, 2, 3],
  [4, 5, 6, 7],
  [0, 0, 0, 8],
];
export const y = [0, 1, 1];
export const loss = "binaryCrossentropy";

export const layers = (): Layer[] => [embedding(10, 3), simpleRNN(4), dense(1, { activation: "sigmoid" })];

export async function compiled(device: Device): Promise<Sequential> {
  const model = sequential(layers());
  await model.compile({ loss, metrics: ["acc"], device, seed: 1 });
  return model;
}

/** A value of a type that the compiler would refuse. */
export const untyped = (value: unknown): never => value as never;
