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
export { averagedEmbeddingsBaseline, bagOfWordsBaseline, tfIdfBaseline } from "./bag-of-words";
export type { BagOfWordsOptions } from "./bag-of-words";
export type { LabelledRows, Scores } from "./baselines/scores";
export {
  TextVectorization,
  characterTokenizer,
  textVectorization,
  textVectorizationFromJSON,
} from "./text/vectorization";
export type { TextVectorizationConfig, TextVectorizationOptions } from "./text/vectorization";
export { statefulWindows, textWindows } from "./text/windows";
export type { TextWindows } from "./text/windows";
export { sampler, temper } from "./text/sampling";
export type { Sampler, SamplerOptions, TemperingOptions } from "./text/sampling";
export { generateText, generateTokens } from "./text/generate";
export type { GenerateTextOptions, GenerateTokensOptions, NextToken } from "./text/generate";
export { readWordVectors } from "./word-vectors/index";
export type {
  ByteSource,
  VectorCoverage,
  VectorFormat,
  WordVectors,
  WordVectorsOptions,
} from "./word-vectors/index";
