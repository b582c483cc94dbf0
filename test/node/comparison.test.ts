import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bagOfWordsBaseline, padSequences, sampleCorpus } from "../../src/datasets/index";
import { baselineNames, runBaseline } from "../../src/job/baselines";
import { networkLayers } from "../../src/job/networks";
import {
  networkNames,
  type JobConfig,
  type JobData,
  type JobEvent,
  type JobResult,
} from "../../src/job/types";
import { sequential } from "../../src/index";
import { loadModel } from "../../src/io/index";
import { runCommandLine } from "../../src/node/command-line";
import { comparisonReport, comparisonTable, modelNames, runModels } from "../../src/node/comparison";
import { listNodeAdapters } from "../../src/node/device";
import { UsageError } from "../../src/node/options";
import { imdbFlags } from "../../src/node/imdb-flags";
import { Terminal } from "../../src/node/terminal";
import { requireGpu } from "../support/adapter";

const adapters = await listNodeAdapters();

const config: JobConfig = {
  epochs: 3,
  batchSize: 32,
  numWords: 1000,
  maxlen: 120,
  embedding: 8,
  units: 4,
  validationSplit: 0.2,
  learningRate: 0.001,
  seed: 0,
  sample: true,
};

const result = (acc: number): JobResult => ({
  adapter: "CPU",
  parameters: 12_345,
  epochs: [],
  test: { loss: 0.5, acc },
  seconds: 1.25,
});

async function sampleData(): Promise<JobData> {
  const { train, test } = await sampleCorpus.loadData({ numWords: config.numWords });
  const padded = ({ x, y }: typeof train) => ({ x: padSequences(x, { maxlen: config.maxlen }), y });
  return { train: padded(train), test: padded(test), preprocessing: {} };
}

describe("--model", () => {
  const parse = (text: string) => imdbFlags.model.parse(text, "--model");

  test("takes one name or several, each once", () => {
    expect(parse("lstm")).toEqual(["lstm"]);
    expect(parse("bow, gru,bow")).toEqual(["bow", "gru"]);
    expect(parse(modelNames.join(","))).toEqual([
      ...["bow", "tfidf", "fasttext", "simple-rnn", "lstm", "gru", "bilstm", "cnn-lstm"],
    ]);
  });

  test("an unknown name is refused in one line", () => {
    const list = modelNames.join(", ");
    expect(() => parse("bow,ltsm")).toThrow(
      new UsageError(`--model: expected one of ${list}, got "ltsm"; did you mean lstm?`),
    );
    expect(() => parse("")).toThrow(`--model: expected one of ${list}, got ""; for example --model bow`);
  });
});

describe("networks", () => {
  // V·E + kernel, recurrent kernel and bias of each + the last unit's weights and bias, by hand.
  const parameters = {
    "simple-rnn": 8000 + (8 * 4 + 4 * 4 + 4) + 5,
    lstm: 8000 + 4 * (8 * 4 + 4 * 4 + 4) + 5,
    gru: 8000 + 3 * (8 * 4 + 4 * 4 + 2 * 4) + 5,
    bilstm: 8000 + 8 * (8 * 4 + 4 * 4 + 4) + 9,
    "cnn-lstm": 8000 + (5 * 8 * 64 + 64) + 4 * (64 * 4 + 4 * 4 + 4) + 5,
  };

  test.each(networkNames)("%s has the weights that its layers have", (model) => {
    expect(sequential(networkLayers({ ...config, model })).parameterCount).toBe(parameters[model]);
  });

  test("without a name it is the Keras script's", () => {
    const shown = (job: JobConfig) => JSON.stringify(networkLayers(job));
    expect(shown(config)).toBe(shown({ ...config, model: "simple-rnn" }));
    expect(shown(config)).toContain('"className":"SimpleRNN"');
  });
});

describe("baselines", () => {
  test.each(baselineNames)(
    "%s learns the sample corpus about as well as a bag of words can",
    async (name) => {
      const events: JobEvent[] = [];
      const data = await sampleData();
      const run = await runBaseline(name, config, data, { emit: (event) => events.push(event) });
      expect(run.test.acc).toBeGreaterThan(0.68);
      expect(run.test.acc).toBeLessThan(0.78);
      expect(run.epochs).toHaveLength(3);
      expect(run.epochs[2].loss).toBeLessThan(run.epochs[0].loss);
      expect(run.epochs[2].val_acc).toBeGreaterThan(0.65);
      expect(run.parameters).toBe(name === "fasttext" ? 8000 + 9 : 1001);
      expect(events.map(({ kind }) => kind)).toEqual([
        "begin",
        ...Array.from({ length: 3 }, () => ["epoch", "epochEnd"]).flat(),
        "evaluate",
      ]);
    },
  );

  test("bow is the bag of words on the part that is trained on", async () => {
    const { train, test } = await sampleCorpus.loadData({ numWords: config.numWords });
    const part = { x: train.x.slice(0, 6400), y: train.y.slice(0, 6400) };
    const expected = bagOfWordsBaseline({ train: part, test, numWords: config.numWords, epochs: 3 });
    const run = await runBaseline("bow", config, await sampleData(), { emit: () => undefined });
    expect(run.test).toEqual(expected);
  });

  test("a signal stops it between two passes", async () => {
    const stop = new AbortController();
    const emit = (event: JobEvent) => void (event.kind === "epochEnd" && stop.abort());
    const run = runBaseline("bow", config, await sampleData(), { emit, signal: stop.signal });
    await expect(run).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("the comparison", () => {
  test("is a table with a line for each model", () => {
    const runs = [
      { name: "bow" as const, result: result(0.875) },
      { name: "simple-rnn" as const, result: { ...result(0.86), seconds: 123.4 } },
    ];
    expect(comparisonTable(runs)).toBe(
      [
        "model       test acc  test loss  parameters  seconds",
        "──────────  ────────  ─────────  ──────────  ───────",
        "bow           0.8750     0.5000      12,345      1.3",
        "simple-rnn    0.8600     0.5000      12,345    123.4",
      ].join("\n"),
    );
  });

  test("the report of one model is that of a run; of several, a list", () => {
    const run = { name: "bow" as const, result: result(0.9) };
    const entry = { model: "bow", config: { ...config, model: "bow" }, ...result(0.9) };
    expect(comparisonReport([run], config)).toEqual(entry);
    expect(comparisonReport([run, run], config)).toEqual({ models: [entry, entry] });
  });

  test("what is done is shown even where a later model fails", async () => {
    let out = "";
    const terminal = new Terminal({ write: (text: string) => (out += text) });
    const runNetwork = (settings: JobConfig) => Promise.reject(new Error(`no ${settings.model}`));
    const data = await sampleData();
    const names = ["bow", "gru"] as const;
    const run = runModels(
      { names, config, data, runNetwork },
      { terminal, signal: new AbortController().signal },
    );
    await expect(run).rejects.toThrow("no gru");
    expect(out).toMatch(/^Model 1 of 2: bow\nAdapter: CPU\n\nbow: logistic regression .* 1,001 parameters$/m);
    expect(out).toMatch(
      /Model 2 of 2: gru\n\nOn 2,000 test reviews never trained on:\n\nmodel .*\n.*\nbow +0\.7/,
    );
  });
});

describe.skipIf(adapters.length === 0 && !requireGpu)("with an adapter", () => {
  let folder = "";
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "comparison-"))));
  afterAll(() => rmSync(folder, { recursive: true }));

  const small =
    "--sample --epochs 1 --train-limit 160 --test-limit 40 --batch-size 32 --maxlen 20 --units 4".split(" ");

  async function run(...args: string[]) {
    let out = "";
    let err = "";
    const write = (text: string) => (out += text);
    const world = { stdout: { write }, stderr: { write: (text: string) => (err += text) } };
    const code = await runCommandLine(["imdb", ...small, ...args], {
      ...world,
      signal: new AbortController().signal,
    });
    return { code, out, err };
  }

  test("several models make one table, a file for each network and a report with all", async () => {
    const [weights, report] = [join(folder, "w.safetensors"), join(folder, "r.json")];
    const { code, out, err } = await run("--model", "bow,simple-rnn", "--out", weights, "--report", report);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/\nmodel .*\n─.*\nbow +\d.*\nsimple-rnn +\d.* 320,153 +\d+\.\d\n/);
    expect(out).toContain(`Weights of simple-rnn saved to ${join(folder, "w-simple-rnn.safetensors")}`);
    expect(existsSync(join(folder, "w-bow.safetensors"))).toBe(false);
    const { models } = JSON.parse(readFileSync(report, "utf8")) as {
      models: (JobResult & { model: string })[];
    };
    expect(models.map(({ model }) => model)).toEqual(["bow", "simple-rnn"]);
    expect(models.map(({ epochs }) => epochs.length)).toEqual([1, 1]);
  });

  test.each(["lstm", "gru", "bilstm", "cnn-lstm"] as const)(
    "%s trains, and is saved as it is",
    async (model) => {
      const out = join(folder, `${model}.safetensors`);
      const { code, err } = await run(
        "--model",
        model,
        "--embedding",
        "8",
        "--num-words",
        "1000",
        "--out",
        out,
      );
      expect({ code, err }).toEqual({ code: 0, err: "" });
      const saved = await loadModel(readFileSync(out));
      const expected = sequential(networkLayers({ ...config, model, maxlen: 20 }));
      expect(JSON.stringify(saved.getConfig().layers)).toBe(JSON.stringify(expected.getConfig().layers));
    },
  );

  test("--model simple-rnn alone trains what no --model trains", async () => {
    const [named, unnamed] = [join(folder, "named"), join(folder, "unnamed")];
    await run("--model", "simple-rnn", "--out", named);
    await run("--out", unnamed);
    expect(readFileSync(named).equals(readFileSync(unnamed))).toBe(true);
  });
});
