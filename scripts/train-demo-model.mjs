/**
 * Trains the small net that the demo shows at once, and records a training for pages without WebGPU:
 * `node scripts/train-demo-model.mjs` writes demo/public/model.safetensors and demo/public/recorded-run.json.
 * The sample corpus is the same on every machine, and so is the result, but for the adapter's rounding.
 */
import { writeFile } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { ensureBuilt } from "./lib/build.mjs";
import { main } from "./lib/setup.mjs";

const settings = {
  data: "sample",
  units: 16,
  embedding: 16,
  maxlen: 120,
  numWords: 10_000,
  batchSize: 32,
  learningRate: 0.002,
  optimizer: "rmsprop",
  activation: "tanh",
  epochs: 10,
  seed: 0,
};
/**
 * Visitors type less than the corpus's reviews are long, and words that it lacks: the net also sees each review cut to
 * its last words, one in so many of them unknown.
 */
const endings = { shortest: 2, longest: 30, unknown: 12 };
/** Keras's number for unknown words. */
const oovChar = 2;
/** Points of the recorded curve in one epoch. */
const pointsPerEpoch = 25;
const folder = new URL("../demo/public/", import.meta.url);

await main(async () => {
  await ensureBuilt();
  const { dense, embedding, rmsprop, sequential, simpleRNN } = await import("webgpu-rnn");
  const { padSequences, sampleCorpus } = await import("webgpu-rnn/datasets");
  const { saveModel } = await import("webgpu-rnn/io");
  const { requestNodeDevice } = await import("webgpu-rnn/node");

  const { train, test } = await sampleCorpus.loadData({ numWords: settings.numWords });
  const vocabulary = [...(await sampleCorpus.wordIndex()).keys()];
  const pad = (rows) => padSequences(rows, { maxlen: settings.maxlen });
  const model = sequential([
    embedding(vocabulary.length + 4, settings.embedding),
    simpleRNN(settings.units),
    dense(1, { activation: "sigmoid" }),
  ]);
  const device = await requestNodeDevice();
  const { learningRate, seed, batchSize, epochs } = settings;
  await model.compile({
    optimizer: rmsprop({ learningRate }),
    loss: "binaryCrossentropy",
    metrics: ["acc"],
    device,
    seed,
  });

  const split = train.x.length * 0.8;
  const { x, y } = withEndings(train.x.slice(0, split), train.y.slice(0, split), seed);
  const steps = Math.ceil(x.length / batchSize);
  const piece = Math.ceil(steps / pointsPerEpoch) * batchSize;
  const run = { settings, adapter: device.description, points: [], epochs: [] };
  const valid = { x: pad(train.x.slice(split)), y: train.y.slice(split) };
  const began = performance.now();
  for (let epoch = 0; epoch < epochs; epoch++) {
    // In pieces: the figures of each are the points of the curve.
    const order = shuffled(x.length, seed + epoch);
    const sums = { loss: 0, acc: 0 };
    for (let at = 0; at < x.length; at += piece) {
      const rows = order.slice(at, at + piece);
      const pick = (list) => rows.map((row) => list[row]);
      const { history } = await model.fit(pad(pick(x)), pick(y), { batchSize, shuffle: false });
      const point = { loss: round(history.loss[0]), acc: round(history.acc[0]) };
      run.points.push({ at: round(epoch + (at + rows.length) / x.length), ...point });
      for (const name of ["loss", "acc"]) sums[name] += (history[name][0] * rows.length) / x.length;
    }
    const { loss, acc } = await model.evaluate(valid.x, valid.y, { batchSize: 256 });
    const figures = { loss: sums.loss, acc: sums.acc, val_loss: loss, val_acc: acc };
    for (const name of Object.keys(figures)) figures[name] = round(figures[name]);
    run.epochs.push({ epoch, ...figures, seconds: round((performance.now() - began) / 1000) });
    console.log(`epoch ${epoch + 1}/${epochs}`, figures);
  }
  run.test = await model.evaluate(pad(test.x), test.y, { batchSize: 256 });
  console.log("test", run.test);

  const metadata = {
    dataset: "sample",
    num_words: String(settings.numWords),
    maxlen: String(settings.maxlen),
    index_from: "3",
    vocabulary: JSON.stringify(vocabulary),
  };
  await writeFile(new URL("model.safetensors", folder), await saveModel(model, "safetensors", { metadata }));
  await writeFile(new URL("recorded-run.json", folder), `${JSON.stringify(run, null, 2)}\n`);
  model.dispose();
  device.destroy();
  return 0;
});

/** The reviews, and each once more as its last words alone. */
function withEndings(x, y, seed) {
  const { shortest, longest, unknown } = endings;
  const lengths = shuffled(x.length, seed + 1000).map((n) => shortest + (n % (longest - shortest + 1)));
  const masked = (word, at) => ((at * 7919) % unknown === 0 ? oovChar : word);
  const cut = Array.from(x, (row, i) => {
    const words = Array.from(row).slice(1).slice(-lengths[i]);
    return [row[0], ...words.map((word, k) => masked(word, i * longest + k * 31))];
  });
  return { x: [...x, ...cut], y: [...y, ...y] };
}

function round(value) {
  return Number(value.toFixed(4));
}

/** The numbers below `count` in an order that the seed decides (Fisher and Yates, on a linear congruence). */
function shuffled(count, seed) {
  const order = Array.from({ length: count }, (_, i) => i);
  let state = seed * 2 + 1;
  for (let i = count - 1; i > 0; i--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
