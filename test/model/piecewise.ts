import { expect } from "vitest";
import {
  dense,
  dropout,
  embedding,
  lstm,
  sequential,
  type CompileOptions,
  type Device,
  type Sequential,
} from "../../src/index";
import { getTestDevice } from "../support/adapter";
import { limitBindings } from "../support/limits";
import { watchPieces } from "./watch-pieces";

/** Bytes of a binding: the partial sums of the net's gradients fit in, what training keeps of a batch is several of them. */
export const small = 264 * 1024;

/** The net whose batches are taken in pieces. */
export async function compiled(device: CompileOptions["device"]): Promise<Sequential> {
  const layers = [embedding(20, 4), dropout(0.2), lstm(6), dense(1, { activation: "sigmoid" })];
  const model = sequential(layers);
  await model.compile({ optimizer: "adam", loss: "binaryCrossentropy", device, seed: 3, scan: "wide" });
  return model;
}

export const stateOf = async (model: Sequential): Promise<unknown> => [
  await model.getWeights(),
  await model.getOptimizerState(),
];

/** How many pieces a call puts on the device. */
export const countPieces = (device: Device, call: () => Promise<unknown>): Promise<number> =>
  watchPieces(
    device,
    () => undefined,
    async () => void (await call()),
  );

/** Aborts a call when `piece` pieces are on the device; no other one may follow. */
export async function abortAt(
  device: Device,
  piece: number,
  call: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const stop = new AbortController();
  const abort = (now: number): void => {
    if (now === piece) stop.abort();
  };
  const seen = await watchPieces(device, abort, async () => {
    await expect(call(stop.signal)).rejects.toMatchObject({ name: "AbortError" });
  });
  expect(seen).toBe(piece);
}

/** Trains on devices of small bindings, of which the first is destroyed when `lostAt` pieces are on it. */
export async function trainLosing(
  lostAt: number,
  fit: (model: Sequential) => Promise<unknown>,
): Promise<{ pieces: number; devices: number; result: unknown }> {
  const devices: Device[] = [];
  const model = await compiled(async () => {
    const device = (await getTestDevice())!;
    limitBindings(device, small);
    devices.push(device);
    return device;
  });
  let history: unknown;
  const lose = (piece: number): void => {
    if (piece === lostAt) devices[0].destroy();
  };
  const pieces = await watchPieces(devices[0], lose, async () => {
    history = await fit(model);
  });
  const result = [history, await stateOf(model)];
  model.dispose();
  devices.forEach((device) => device.destroy());
  return { pieces, devices: devices.length, result };
}
