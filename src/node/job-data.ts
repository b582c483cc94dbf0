import { padSequences } from "../datasets/index";
import type { JobConfig, JobData, LabelledReviews } from "../job/types";
import type { Reviews } from "./load-reviews";
import { preprocessingOf, toMetadata } from "./preprocessing";

/** The reviews as the job takes them: limited as asked, padded, with what a saved file must tell of them. */
export function jobData(reviews: Reviews, config: JobConfig): JobData {
  const { numWords, maxlen, trainLimit, testLimit } = config;
  const dataset = reviews.sample ? "sample" : "imdb";
  return {
    train: padded(firstRows(reviews.train, trainLimit), maxlen),
    test: padded(firstRows(reviews.test, testLimit), maxlen),
    preprocessing: toMetadata(preprocessingOf(reviews.wordIndex, { dataset, numWords, maxlen })),
  };
}

type Rows = Reviews["train"];

/** The first `limit` rows after the data set's own shuffle; all of them where there is no limit. */
export function firstRows({ x, y }: Rows, limit?: number): Rows {
  return { x: x.slice(0, limit), y: y.slice(0, limit) };
}

function padded({ x, y }: Rows, maxlen: number): LabelledReviews {
  return { x: padSequences(x, { maxlen }), y };
}
