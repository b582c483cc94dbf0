/** What would make the page stutter: loading data sets, and looking into a net on the processor. */
import { encodeReview, imdb, padSequences, sampleCorpus } from "webgpu-rnn/datasets";
import { memory, neighbours, read, type Net, type Reading } from "./explain";
import { netOf, type Model, type Preprocessing } from "./net";
import { expose, type Report } from "./rpc";
import { textService } from "./text-data";

/** A data set as the page asks for it. */
export interface Request {
  data: "sample" | "imdb";
  numWords: number;
  maxlen: number;
}

/** Padded rows, (rows, maxlen), with a label for each. */
export interface Rows {
  data: Int32Array;
  labels: Float32Array;
}

export interface Loaded {
  trainX: Int32Array;
  trainY: Float32Array;
  validX: Int32Array;
  validY: Float32Array;
  /** V: one more than the largest id. */
  vocabularySize: number;
  preprocessing: Preprocessing;
}

/** One thing that the net reads: padding, the start mark, a word. */
export interface Token {
  text: string;
  kind: "start" | "word" | "unknown";
}

export interface Explained {
  /** Steps of padding before the first token. */
  padding: number;
  /** Tokens that were too many and that the net does not see. */
  cut: number;
  tokens: Token[];
  ids: Int32Array;
  units: number;
  probabilities: Float32Array;
  states: Float32Array;
  influence: Float32Array;
}

export type ReaderService = ReturnType<typeof makeService>;

/** As Keras's `validation_split=0.2`. */
const validationShare = 0.2;
/** What stands for a word outside the vocabulary where a review is turned back into text. */
const unknownWord = "▢";
const wordPattern = /[^!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~\t\n ]+/g;

interface DataSet {
  request: Request;
  validRows: ArrayLike<number>[];
  validTexts?: string[];
  vocabulary: string[];
}

function makeService(report: Report) {
  const files: Record<string, Uint8Array> = {};
  let current: { net: Net; preprocessing: Preprocessing; ranks: Map<string, number> } | undefined;
  let dataSet: DataSet | undefined;

  const needNet = () => {
    if (!current) throw new Error("No net has been loaded yet.");
    return current;
  };

  const service = {
    ...textService,

    /** Takes a dropped file in place of a download. */
    addFile(name: string, bytes: Uint8Array): void {
      files[name] = bytes;
    },

    /** The words by rank that a file is taken to mean which does not say: the sample's, or Keras's IMDB numbering. */
    async guess(vocabularySize: number, maxlen: number | undefined): Promise<Preprocessing> {
      const sampleRanks = await sampleCorpus.wordIndex();
      const isSample = vocabularySize === sampleRanks.size + 4;
      const ranks = isSample ? sampleRanks : await imdb.wordIndex({ data: files["imdb_word_index.json"] });
      return {
        dataset: isSample ? "sample" : "imdb",
        numWords: vocabularySize,
        maxlen: maxlen ?? (isSample ? 120 : 500),
        indexFrom: 3,
        vocabulary: vocabularyOf(ranks, vocabularySize),
      };
    },

    /** Loads a data set, tokenised and padded, split as Keras splits it. */
    async load(request: Request): Promise<Loaded> {
      const { train, ranks, texts } =
        request.data === "sample" ? await sample(request) : await downloaded(request, files, report);
      const vocabulary = vocabularyOf(ranks, request.numWords);
      const split = Math.floor(train.x.length * (1 - validationShare));
      dataSet = { request, validRows: train.x.slice(split), validTexts: texts?.slice(split), vocabulary };
      const { maxlen, numWords, data } = request;
      return {
        trainX: padSequences(train.x.slice(0, split), { maxlen }).data,
        trainY: Float32Array.from(train.y.slice(0, split)),
        validX: padSequences(train.x.slice(split), { maxlen }).data,
        validY: Float32Array.from(train.y.slice(split)),
        vocabularySize: Math.min(numWords, vocabulary.length + 4),
        preprocessing: { dataset: data, numWords, maxlen, indexFrom: 3, vocabulary },
      };
    },

    /** The net to read with from now on. */
    setModel(model: Model): void {
      const { preprocessing } = model;
      const ranks =
        current?.preprocessing.vocabulary === preprocessing.vocabulary
          ? current.ranks
          : new Map(preprocessing.vocabulary.map((word, i) => [word, i + 1]));
      current = { net: netOf(model), preprocessing, ranks };
    },

    /** New weights for the same net. */
    setWeights(weights: Model["weights"], layers: Model["layers"]): void {
      const { preprocessing, ranks } = needNet();
      current = { net: netOf({ layers, weights, preprocessing }), preprocessing, ranks };
    },

    /** Reads a text with the net. */
    explain(text: string): Explained {
      const { net, preprocessing, ranks } = needNet();
      const { numWords, indexFrom, maxlen } = preprocessing;
      const limit = Math.min(numWords, net.vocabularySize);
      const all = encodeReview(text, ranks, { numWords: limit, indexFrom });
      const words: Token[] = [{ text: "start", kind: "start" }];
      for (const [word] of text.matchAll(wordPattern)) {
        words.push({ text: word, kind: all[words.length] === 2 ? "unknown" : "word" });
      }
      const cut = Math.max(0, all.length - maxlen);
      const ids = padSequences([all], { maxlen }).data;
      const reading: Reading = read(net, ids);
      const { probabilities, states, influence } = reading;
      const padding = maxlen - Math.min(all.length, maxlen);
      return {
        padding,
        cut,
        tokens: words.slice(cut),
        ids,
        units: net.units,
        probabilities,
        states,
        influence,
      };
    },

    /** A validation review as text. */
    validationText(row: number): string {
      if (!dataSet) throw new Error("No data set has been loaded yet.");
      const { validTexts, validRows, vocabulary } = dataSet;
      if (validTexts) return validTexts[row] ?? "";
      return Array.from(validRows[row])
        .filter((id) => id > 1)
        .map((id) => (id === 2 ? unknownWord : (vocabulary[id - 4] ?? unknownWord)))
        .join(" ");
    },

    /** How far back the net's score depends on what it read, over texts; see `memory`. */
    memory(texts: string[]): Float32Array {
      const { net, preprocessing, ranks } = needNet();
      const { numWords, indexFrom, maxlen } = preprocessing;
      const limit = Math.min(numWords, net.vocabularySize);
      const rows = texts.map((text) => {
        const ids = encodeReview(text, ranks, { numWords: limit, indexFrom });
        return padSequences([ids], { maxlen }).data;
      });
      return memory(net, rows);
    },

    /** Words that mean much the same to the net. */
    neighbours(word: string): { word: string; cosine: number }[] | undefined {
      const { net, preprocessing, ranks } = needNet();
      const [id] = encodeReview(word, ranks, { numWords: preprocessing.numWords, startChar: null });
      if (id === undefined || id === 2 || id >= net.vocabularySize) return undefined;
      const { vocabulary, indexFrom } = preprocessing;
      return neighbours(net, id, 24)
        .filter((found) => found.id > indexFrom)
        .map((found) => ({ word: vocabulary[found.id - indexFrom - 1] ?? "", cosine: found.cosine }))
        .filter(({ word: name }) => name !== "")
        .slice(0, 12);
    },
  };
  return service;
}

async function sample({ numWords }: Request) {
  const [{ train }, ranks, texts] = await Promise.all([
    sampleCorpus.loadData({ numWords }),
    sampleCorpus.wordIndex(),
    sampleCorpus.texts(),
  ]);
  return { train, ranks, texts: texts.train.map(({ text }) => text) };
}

async function downloaded({ numWords }: Request, files: Record<string, Uint8Array>, report: Report) {
  const onProgress = report;
  const [ranks, { train }] = await Promise.all([
    imdb.wordIndex({ data: files["imdb_word_index.json"], onProgress }),
    imdb.loadData({ numWords, data: files["imdb.npz"], onProgress }),
  ]);
  return { train, ranks, texts: undefined };
}

/** The words by rank, as far as a model of `numWords` can tell them apart. */
function vocabularyOf(ranks: ReadonlyMap<string, number>, numWords: number): string[] {
  const vocabulary: string[] = [];
  for (const [word, rank] of ranks) if (rank + 3 < numWords) vocabulary[rank - 1] = word;
  return Array.from(vocabulary, (word) => word ?? "");
}

expose(makeService);
