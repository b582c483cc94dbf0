/** The script of the README, as a page would have it. */
import { dense, embedding, sequential, simpleRNN } from "webgpu-rnn";
import { imdb, padSequences, sampleCorpus } from "webgpu-rnn/datasets";

/**
 * Trains the classifier of film reviews for an epoch on a few of them.
 *
 * @param data where `imdb.npz` lies; without it the sample corpus is taken
 */
export async function keras(
  data?: string,
): Promise<{ summary: string; history: Record<string, number[]>; test: Record<string, number> }> {
  const numWords = 1000;
  const { train, test } = await (data
    ? imdb.loadData({ data, numWords })
    : sampleCorpus.loadData({ numWords }));
  const few = 256;
  const xTrain = padSequences(train.x.slice(0, few), { maxlen: 40 });
  const xTest = padSequences(test.x.slice(0, few), { maxlen: 40 });

  const model = sequential([embedding(numWords, 8), simpleRNN(8), dense(1, { activation: "sigmoid" })]);
  await model.compile({ optimizer: "rmsprop", loss: "binaryCrossentropy", metrics: ["acc"], seed: 0 });
  const { history } = await model.fit(xTrain, train.y.slice(0, few), {
    epochs: 1,
    batchSize: 128,
    validationSplit: 0.2,
  });
  const figures = await model.evaluate(xTest, test.y.slice(0, few));
  const summary = model.summary({ print: () => undefined });
  model.dispose();
  return { summary, history, test: figures };
}
