import { strFromU8, unzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import {
  adam,
  adamW,
  bidirectional,
  constant,
  cosineDecay,
  dense,
  dropout,
  embedding,
  l2,
  lstm,
  masking,
  piecewiseConstantDecay,
  rmsprop,
  sequential,
  sgd,
  simpleRNN,
  spatialDropout1d,
  timeDistributed,
} from "../../src/index";
import type { Layer, Optimizer } from "../../src/index";
import { loadModel, saveModel } from "../../src/io/index";
import { openHdf5 } from "../../src/io/hdf5/reader";
import { compileFromKeras } from "../../src/io/keras/training";
import { resolveLoss } from "../../src/model/losses";

const plain = [embedding(5, 2), simpleRNN(2), dense(1)];

/** What `.keras` and `.h5` files say of a model, as text: JSON knows no difference between 0 and 0.0, Python does. */
async function written(
  optimizer: Optimizer,
  layers: readonly Layer[] = plain,
): Promise<Record<"keras" | "h5", string>> {
  const model = sequential(layers);
  const savable = {
    getConfig: () => model.getConfig(),
    getWeights: () => model.getWeights(),
    getCompileConfig: () => ({ optimizer, loss: resolveLoss("mse"), metrics: [] }),
  };
  const archive = unzipSync(await saveModel(savable, "keras"));
  const h5 = await openHdf5(await saveModel(savable, "h5"));
  const texts = ["model_config", "training_config"].map((name) => h5.text("", name));
  return { keras: strFromU8(archive["config.json"]), h5: texts.join() };
}

describe("what Keras 3 insists on", () => {
  test("floats have a point, also where they are whole numbers", async () => {
    const layers = [
      embedding(5, 2),
      masking({ maskValue: -1 }),
      dropout(0),
      lstm(2, { kernelRegularizer: l2(1), biasInitializer: constant({ value: 1 }) }),
      dense(1),
    ];
    for (const text of Object.values(await written(sgd({ learningRate: 1, clipvalue: 2 }), layers))) {
      for (const entry of [
        ...[
          '"learning_rate":1.0,',
          '"momentum":0.0,',
          '"clipvalue":2.0,',
          '"mask_value":-1.0',
          '"rate":0.0,',
        ],
        ...['"dropout":0.0,', '"recurrent_dropout":0.0', '"l1":0.0,', '"l2":1.0', '"value":1.0'],
      ]) {
        expect(text).toContain(entry);
      }
      // Those that count things have none.
      expect(text).toContain('"units":2,');
      expect(text).toContain('"input_dim":5,');
      expect(text).toContain('"weight_decay":null,');
    }
  });

  test("so have those of schedules; steps have none", async () => {
    const schedule = cosineDecay(0, 20, { warmupTarget: 1, warmupSteps: 3 });
    const { keras } = await written(rmsprop({ learningRate: schedule }));
    expect(keras).toContain('"initial_learning_rate":0.0,"decay_steps":20,"alpha":0.0,"warmup_target":1.0');
    expect(keras).toContain('"warmup_steps":3,');
    const steps = await written(sgd({ learningRate: piecewiseConstantDecay([1, 3], [1, 0.5, 0]) }));
    expect(steps.h5).toContain('"boundaries":[1,3],"values":[1.0,0.5,0.0]');
  });

  test("AdamW has a decay, 0.0 where it decays nothing", async () => {
    const optimizer = adamW({ weightDecay: 0 });
    for (const text of Object.values(await written(optimizer))) {
      expect(text).toContain('"weight_decay":0.0,');
    }
    const read = (config: object): Optimizer | undefined =>
      compileFromKeras({ optimizer: { class_name: "AdamW", config }, loss: "mse" }, [])?.optimizer;
    expect(read({ weight_decay: 0 })).toEqual(optimizer);
    // As files of this library from before say it.
    expect(read({ weight_decay: null })).toEqual(optimizer);
    expect(read({})).toEqual(adamW());
  });

  test("a way of clipping, and none for the others", async () => {
    const { keras, h5 } = await written(adam({ globalClipnorm: 2 }));
    for (const text of [keras, h5])
      expect(text).toContain('"clipnorm":null,"global_clipnorm":2.0,"clipvalue":null,');
  });

  test("SpatialDropout1D is made without trainable", async () => {
    const { keras } = await written(sgd(), [embedding(5, 2), spatialDropout1d(0.5), ...plain.slice(1)]);
    expect(keras).toContain(
      '"class_name":"SpatialDropout1D","config":{"name":"spatial_dropout1d","dtype":"float32","rate":0.5,"seed":null}',
    );
  });

  test("a layer inside a frozen one is frozen itself", async () => {
    const layers = [
      embedding(5, 2),
      bidirectional(lstm(2, { returnSequences: true }), { trainable: false }),
      timeDistributed(dense(2), { trainable: false }),
      lstm(2),
      dense(1),
    ];
    const { keras } = await written(sgd(), layers);
    const names = ["bidirectional", "forward_lstm", "backward_lstm", "time_distributed", "dense"];
    for (const name of names) expect(keras).toContain(`"name":"${name}","trainable":false`);
    expect(keras).toContain('"name":"lstm_1","trainable":true');
    const model = sequential(layers);
    const again = await loadModel(await saveModel(model, "keras"));
    const frozen = ({ architecture }: typeof model): boolean[] =>
      architecture.layers.flatMap(({ weights }) => weights.map(({ trainable }) => trainable));
    expect(frozen(again)).toEqual(frozen(model));
  });
});
