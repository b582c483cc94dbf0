/** Data to train on: film reviews, their words and numbers, a sample corpus that needs no network. */
export { imdb } from "./imdb";
export type { LoadDataOptions } from "./imdb";
export type { ArrangeOptions, Dataset, Split } from "./arrange";
export type { SourceOptions } from "./source";
export type { DownloadProgress } from "./download";
export { sampleCorpus } from "./sample/index";
export type { SampleReview } from "./sample/index";
export { padSequences } from "./sequences";
export type { PadOptions, PaddedSequences } from "./sequences";
export { decodeReview, encodeReview } from "./review-text";
export type { EncodeOptions } from "./review-text";
export { bagOfWordsBaseline } from "./bag-of-words";
export type { BagOfWordsOptions, LabelledRows } from "./bag-of-words";
