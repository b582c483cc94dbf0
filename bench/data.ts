import { existsSync } from "node:fs";
import { join } from "node:path";
import { imdb, padSequences, sampleCorpus, type Split } from "webgpu-rnn/datasets";
import type { Cell, Job } from "./job";
import { jobModel } from "./model";

/** How large the job is. */
export type JobSizes = Pick<Job, "vocabulary" | "width" | "units" | "batchSize" | "batches" | "steps">;

/** The job of the Keras script: ten batches of it. */
export const fullSizes: JobSizes = {
  vocabulary: 10_000,
  width: 32,
  units: 32,
  batchSize: 128,
  batches: 10,
  steps: 500,
};

/** A job on which every engine is through in seconds: whether everything runs, not how fast. */
export const quickSizes: JobSizes = {
  vocabulary: 500,
  width: 8,
  units: 8,
  batchSize: 8,
  batches: 2,
  steps: 12,
};

/**
 * Makes the job: the first reviews of IMDB after the data set's own shuffle, or the sample corpus's.
 *
 * @param root the project's root
 * @param sample take the sample corpus even where IMDB is at hand
 * @param cell the recurrent layer
 */
export async function makeJob(
  root: string,
  sizes: JobSizes,
  sample: boolean,
  cell: Cell = "simpleRnn",
): Promise<Job> {
  const folder = sample ? undefined : imdbFolder(root);
  const { x, y } = await reviews(sizes.vocabulary, folder);
  const rows = sizes.batchSize * sizes.batches;
  const weights = await jobModel({ ...sizes, cell }).getWeights();
  return {
    ...sizes,
    cell,
    data: folder === undefined ? "sample" : "imdb",
    tokens: padSequences(x.slice(0, rows), { maxlen: sizes.steps }).data,
    labels: Float32Array.from(y.slice(0, rows)),
    weights: weights.map(({ data }) => data),
  };
}

async function reviews(numWords: number, folder: string | undefined): Promise<Split> {
  const dataset =
    folder === undefined
      ? await sampleCorpus.loadData({ numWords })
      : await imdb.loadData({ data: folder, numWords });
  return dataset.train;
}

/** A folder with IMDB's file: `$WEBGPU_RNN_DATA`, or the material beside the project. Nothing is downloaded. */
function imdbFolder(root: string): string | undefined {
  const places = [process.env.WEBGPU_RNN_DATA, join(root, "..", "shared", "imdb")];
  return places.find((place) => place && existsSync(join(place, "imdb.npz")));
}
