import type { Settings } from "./settings";

const kerasOptimizers = { rmsprop: "RMSprop", adam: "Adam", sgd: "SGD" };

/** The model of the knobs in this library's own words. */
export function typescriptCode(settings: Settings): string {
  const { units, embedding, maxlen, numWords, batchSize, learningRate, optimizer, activation, epochs, seed } =
    settings;
  const source = settings.data === "imdb" ? "imdb" : "sampleCorpus";
  const option = activation === "tanh" ? "" : `, { activation: "${activation}" }`;
  return `import { dense, embedding, ${optimizer}, sequential, simpleRNN } from "webgpu-rnn";
import { ${source}, padSequences } from "webgpu-rnn/datasets";

const { train, test } = await ${source}.loadData({ numWords: ${numWords} });
const xTrain = padSequences(train.x, { maxlen: ${maxlen} });
const xTest = padSequences(test.x, { maxlen: ${maxlen} });

const model = sequential([
  embedding(${numWords}, ${embedding}),
  simpleRNN(${units}${option}),
  dense(1, { activation: "sigmoid" }),
]);
model.summary();

await model.compile({
  optimizer: ${optimizer}({ learningRate: ${learningRate} }),
  loss: "binaryCrossentropy",
  metrics: ["acc"],
  seed: ${seed},
});
await model.fit(xTrain, train.y, { epochs: ${epochs}, batchSize: ${batchSize}, validationSplit: 0.2 });
console.log(await model.evaluate(xTest, test.y));
`;
}

/** The same in Keras. */
export function kerasCode(settings: Settings): string {
  const { units, embedding, maxlen, numWords, batchSize, learningRate, optimizer, activation, epochs, seed } =
    settings;
  const option = activation === "tanh" ? "" : `, activation="${activation}"`;
  const load =
    settings.data === "imdb"
      ? `(x_train, y_train), (x_test, y_test) = keras.datasets.imdb.load_data(num_words=${numWords})`
      : `# the sample reviews come with webgpu-rnn; here IMDB stands in for them
(x_train, y_train), (x_test, y_test) = keras.datasets.imdb.load_data(num_words=${numWords})`;
  return `import keras
from keras import layers

keras.utils.set_random_seed(${seed})
${load}
x_train = keras.utils.pad_sequences(x_train, maxlen=${maxlen})
x_test = keras.utils.pad_sequences(x_test, maxlen=${maxlen})

model = keras.Sequential([
    layers.Embedding(${numWords}, ${embedding}),
    layers.SimpleRNN(${units}${option}),
    layers.Dense(1, activation="sigmoid"),
])
model.summary()

model.compile(
    optimizer=keras.optimizers.${kerasOptimizers[optimizer]}(learning_rate=${learningRate}),
    loss="binary_crossentropy",
    metrics=["acc"],
)
model.fit(x_train, y_train, epochs=${epochs}, batch_size=${batchSize}, validation_split=0.2)
print(model.evaluate(x_test, y_test))
`;
}
