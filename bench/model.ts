import { dense, embedding, gru, lstm, sequential, simpleRNN, type Layer, type Sequential } from "webgpu-rnn";
import type { Cell, Job } from "./job";

const recurrent = { simpleRnn: simpleRNN, lstm, gru } as const satisfies Record<
  Cell,
  (units: number) => Layer
>;

/** The job's net in this library, with Keras 3's defaults: weights drawn, not yet compiled. */
export function jobModel(job: Pick<Job, "cell" | "vocabulary" | "width" | "units">): Sequential {
  return sequential(jobLayers(job));
}

/** The layers of {@link jobModel}. */
export function jobLayers({
  cell,
  vocabulary,
  width,
  units,
}: Pick<Job, "cell" | "vocabulary" | "width" | "units">): Layer[] {
  return [embedding(vocabulary, width), recurrent[cell](units), dense(1, { activation: "sigmoid" })];
}
