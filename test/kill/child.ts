/**
 * A small training in a process of its own, which the test kills: `node child.js FOLDER [--plain]`. It goes on from
 * the checkpoint in FOLDER, and at its end writes the model and the history there. It says what it is about to do.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { padSequences, sampleCorpus } from "../../src/datasets/index";
import {
  adam,
  dense,
  earlyStopping,
  embedding,
  reduceLROnPlateau,
  sequential,
  simpleRNN,
  type CheckpointStore,
} from "../../src/index";
import { saveModel } from "../../src/io/index";
import { fileCheckpoints, requestNodeDevice } from "../../src/node/index";

const [folder, mode] = process.argv.slice(2);
/** At once: what is buffered dies with the process. */
const say = (line: string): void => writeFileSync(1, `${line}\n`);

const { train } = await sampleCorpus.loadData({ numWords: 400 });
const x = padSequences(train.x.slice(0, 300), { maxlen: 30 });
const device = await requestNodeDevice({ adapter: process.env.WEBGPU_RNN_ADAPTER });
const model = sequential([embedding(400, 8), simpleRNN(8), dense(1, { activation: "sigmoid" })]);
await model.compile({
  optimizer: adam({ learningRate: 0.01 }),
  loss: "binaryCrossentropy",
  metrics: ["acc"],
  device,
  seed: 5,
  // Before the first checkpoint nothing says which shape the last run's measurement chose.
  scan: "narrow",
});

const file = fileCheckpoints(join(folder, "checkpoint.safetensors"));
const store: CheckpointStore = {
  ...file,
  async save(snapshot) {
    say("saving");
    await file.save(snapshot);
    say("saved");
  },
};
say("training");
const history = await model.fit(x, train.y.slice(0, 300), {
  epochs: 4,
  batchSize: 8,
  validationSplit: 0.2,
  callbacks: [
    reduceLROnPlateau({ monitor: "loss", patience: 1, minDelta: 0.05 }),
    earlyStopping({ monitor: "val_acc", patience: 2, restoreBestWeights: true }),
  ],
  ...(mode === "--plain" ? {} : { checkpoint: { store, everySteps: 2 }, resume: true }),
});
writeFileSync(join(folder, "model.safetensors"), await saveModel(model));
writeFileSync(join(folder, "history.json"), JSON.stringify(history));
say("done");
device.destroy();
