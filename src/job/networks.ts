import {
  bidirectional,
  conv1d,
  dense,
  dropout,
  embedding,
  gru,
  lstm,
  maxPooling1d,
  simpleRNN,
  type Layer,
} from "../index";
import type { JobConfig, NetworkName } from "./types";

/** The layers between the embedding and the sigmoid unit at the end, by the network's name. */
const middles: Record<NetworkName, (config: JobConfig) => Layer[]> = {
  "simple-rnn": ({ units }) => [simpleRNN(units)],
  lstm: ({ units }) => [lstm(units)],
  gru: ({ units }) => [gru(units)],
  bilstm: ({ units }) => [bidirectional(lstm(units))],
  // As in Keras's example imdb_cnn_lstm, with this job's sizes.
  "cnn-lstm": ({ units }) => [
    dropout(0.25),
    conv1d(64, 5, { activation: "relu" }),
    maxPooling1d(4),
    lstm(units),
  ],
};

/** The layers of the job's network: SimpleRNN's where it names none. */
export function networkLayers(config: JobConfig): Layer[] {
  const middle = middles[config.model ?? "simple-rnn"];
  return [
    embedding(config.numWords, config.embedding),
    ...middle(config),
    dense(1, { activation: "sigmoid" }),
  ];
}
