import { beforeAll, describe, expect, test } from "vitest";
import { loadModel, loadWeights, saveModel } from "../../src/io/index";
import type { ModelSource } from "../../src/io/index";
import type { Sequential } from "../../src/model/sequential";
import type { Device } from "../../src/runtime/device";
import type { OptimizerState } from "../../src/model/training-state";
import { InvalidInputError, StateError } from "../../src/runtime/errors";
import { getSharedDevice } from "../support/adapter";
import { assertThrows } from "../support/assert";
import { halfTrained } from "./damage";
import { samples, tokens, trained, untrained } from "./models";

const formats = ["safetensors", "keras", "h5", "tfjs"] as const;

async function reload(
  model: Sequential,
  format: (typeof formats)[number],
  device?: Device,
): Promise<Sequential> {
  const source: ModelSource = await saveModel(model, format, { metadata: { note: "ä" } });
  return loadModel(source, { device });
}

/** The bits of all weights. */
async function bits(model: Sequential): Promise<[string, readonly number[], Uint32Array][]> {
  const weights = await model.getWeights();
  return weights.map(({ name, shape, data }) => [name, shape, new Uint32Array(data.buffer)]);
}

describe("through every format and back", () => {
  for (const format of formats) {
    for (const name of Object.keys(samples)) {
      test(`${format}, ${name}: layers, and every weight bit for bit`, async () => {
        const model = untrained(name);
        const again = await reload(model, format);
        expect(await bits(again)).toEqual(await bits(model));
        const withoutInput = (made: Sequential): object[] =>
          made.getConfig().layers.filter(({ className }) => className !== "InputLayer");
        const named = (made: Sequential): object[] =>
          withoutInput(made).map((layer, i) => ({ ...layer, name: made.architecture.layers[i].name }));
        expect(named(again)).toEqual(named(model));
        expect(again.architecture.steps ?? null).toBe(model.architecture.steps ?? null);
        expect(again.name).toBe("sample");
      });
    }
  }

  test("weights with awkward bits: denormal, minus zero, the largest", async () => {
    const model = untrained("plain");
    const values = (await model.getWeights()).map(({ data }) => data);
    values[0].set([-0, 1e-45, 3.4028234663852886e38, -1.1754943508222875e-38]);
    await model.setWeights(values);
    for (const format of formats) expect(await bits(await reload(model, format))).toEqual(await bits(model));
  });
});

describe("training goes on from the file", () => {
  let device: Device | undefined;
  beforeAll(async () => (device = await getSharedDevice()));

  for (const format of ["safetensors", "keras", "h5"] as const) {
    for (const [name, { labels }] of Object.entries(samples)) {
      test(`${format}, ${name}: predictions, and two more steps, to the bit`, async (context) => {
        if (!device) return context.skip();
        const model = await trained(name, device);
        const again = await reload(model, format, device);
        // Saved once more without a device in between, as `convert` does.
        const twice = await reload(again, format, device);
        for (const copy of [again, twice]) {
          expect(copy.getCompileConfig()).toEqual(model.getCompileConfig());
          expect(await copy.getOptimizerState()).toEqual(await model.getOptimizerState());
          expect(await copy.predict(tokens)).toEqual(await model.predict(tokens));
        }
        for (let step = 0; step < 2; step++) {
          const logs = await model.trainOnBatch(tokens, labels);
          expect(await again.trainOnBatch(tokens, labels)).toEqual(logs);
        }
        expect(await bits(again)).toEqual(await bits(model));
        [model, again, twice].forEach((made) => made.dispose());
      });
    }
  }

  test("compile starts afresh, compile: false leaves the model uncompiled", async (context) => {
    if (!device) return context.skip();
    const model = await trained("plain", device);
    const bytes = await saveModel(model, "keras");
    const fresh = await loadModel(bytes, { device });
    await fresh.compile({ loss: "binaryCrossentropy", device });
    expect((await fresh.getOptimizerState()).iterations).toBe(0);
    const plain = await loadModel(bytes, { compile: false });
    expect(plain.getCompileConfig()).toBeUndefined();
    await expect(plain.predict(tokens)).rejects.toThrow(/a compiled model/);
    const stateless = await loadModel(await saveModel(model, "keras", { includeOptimizer: false }), {
      device,
    });
    expect((await stateless.getOptimizerState()).iterations).toBe(0);
    [model, fresh, plain, stateless].forEach((made) => made.dispose());
  });

  test("an optimizer's state that is another's is refused, and changes nothing", async (context) => {
    if (!device) return context.skip();
    const model = await trained("plain", device);
    const state = await model.getOptimizerState();
    const { velocity, ...others } = state.slots;
    const short = { ...state.slots, velocity: velocity.slice(1) };
    const cases: [object, RegExp][] = [
      [{ ...state, iterations: -1 }, /iterations as a whole number of at least 0, got -1/],
      [{ ...state, learningRate: NaN }, /learningRate as a number of at least 0, got NaN/],
      [
        { ...state, slots: others },
        /slots velocity, momentum, average_gradient of rmsprop, got momentum, average_gradient/,
      ],
      [{ ...state, slots: short }, /setOptimizerState \(velocity\): expected 6 weights/],
    ];
    for (const [wrong, message] of cases) {
      await assertThrows(() => model.setOptimizerState(wrong as OptimizerState), InvalidInputError, message);
    }
    expect(await model.getOptimizerState()).toEqual(state);
    await assertThrows(() => untrained("plain").setOptimizerState(state), StateError, /a compiled model/);
    model.dispose();
  });
});

describe("weights into a model of a file that no device has seen", () => {
  test("the optimizer's state comes with them, and is compiled with them later", async () => {
    const saved = halfTrained("plain");
    const file = await saveModel(saved, "keras");
    const fresh = await saveModel({ ...saved, getOptimizerState: undefined }, "keras");
    const model = await loadModel(fresh);
    expect((await model.getOptimizerState()).iterations).toBe(0);
    await loadWeights(model, file);
    expect(await model.getOptimizerState()).toEqual(await saved.getOptimizerState?.());
    expect(model.getCompileConfig()?.metrics).toEqual(["acc"]);
  });

  test("a state that is set waits with the model, one that does not fit is refused", async () => {
    const saved = halfTrained("plain");
    const model = await loadModel(await saveModel(saved, "keras"));
    const before = await model.getOptimizerState();
    const { velocity, ...others } = before.slots;
    const cut = { ...before, slots: others };
    await assertThrows(() => model.setOptimizerState(cut), InvalidInputError, /of adam, got momentum/);
    expect(await model.getOptimizerState()).toEqual(before);
    const later = { ...before, iterations: 9, slots: { momentum: velocity, velocity } };
    await model.setOptimizerState(later);
    expect(await model.getOptimizerState()).toEqual(later);
    expect(model.getCompileConfig()?.metrics).toEqual(["acc"]);
  });

  test("what was set is what the first call that needs a device goes on from", async (context) => {
    const device = await getSharedDevice();
    if (!device) return context.skip();
    const saved = halfTrained("plain");
    const model = await loadModel(await saveModel(saved, "keras"), { device });
    const state = { ...(await model.getOptimizerState()), iterations: 9, learningRate: 0.5 };
    await model.setOptimizerState(state);
    await model.predict(tokens);
    expect(await model.getOptimizerState()).toEqual(state);
    model.dispose();
  });
});
