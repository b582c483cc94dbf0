import { imdb, sampleCorpus, type Dataset, type DownloadProgress } from "../datasets/index";
import { DownloadError } from "../runtime/errors";

export interface Reviews extends Dataset {
  wordIndex: Map<string, number>;
  /** True where these are the built-in sample corpus. */
  sample: boolean;
}

export interface LoadReviewsOptions {
  /** Folder with the two files; without it `$WEBGPU_RNN_DATA`, the cache, the download. */
  data?: string;
  sample?: boolean;
  numWords: number;
  onProgress?: (progress: DownloadProgress) => void;
  /** Takes one plain line where the sample corpus stands in for IMDB, or a download cannot be kept. */
  notice: (line: string) => void;
}

/**
 * Loads IMDB, or the sample corpus where that is asked for or IMDB cannot be had.
 *
 * @throws {InvalidInputError} the folder lacks a file.
 * @throws {FormatError} a file is damaged.
 */
export async function loadReviews(options: LoadReviewsOptions): Promise<Reviews> {
  const { sample = false, numWords, data, onProgress, notice } = options;
  if (sample) return loadSample(numWords);
  const source = { data, onProgress, onWarning: notice };
  try {
    const dataset = await imdb.loadData({ ...source, numWords });
    return { ...dataset, wordIndex: await imdb.wordIndex(source), sample: false };
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    notice("IMDB cannot be downloaded (no network?); using the built-in sample corpus instead.");
    return loadSample(numWords);
  }
}

async function loadSample(numWords: number): Promise<Reviews> {
  const dataset = await sampleCorpus.loadData({ numWords });
  return { ...dataset, wordIndex: await sampleCorpus.wordIndex(), sample: true };
}
