import { describe, expect, test } from "vitest";
import { decodeJob, encodeJob, rowsOf, withSimpleRnn, withSteps, type Job } from "../../bench/job";
import { jobFor } from "../../bench/engines/engine";
import { parseBenchFlags, selection } from "../../bench/options";
import { barChart } from "../../bench/report/bar-chart";
import { replaceBetween } from "../../bench/report/docs";
import { digits, table } from "../../bench/report/format";
import { comparisonPlot } from "../../bench/report/plot";
import { comparisonTable, profileTable } from "../../bench/report/tables";
import { resultName } from "../../bench/report/write";
import type { Circumstances, Comparison, ProfileResult } from "../../bench/result";
import { summarize } from "../../bench/statistics";

const circumstances: Circumstances = {
  date: "2026-01-02",
  machine: { cpu: "A Processor", cores: 2, system: "linux x64" },
  runtime: "Chromium",
  adapter: "google swiftshader",
  versions: { "webgpu-rnn": "0.1.0" },
  job: {
    cell: "simpleRnn",
    data: "imdb",
    vocabulary: 10_000,
    width: 32,
    units: 32,
    batchSize: 128,
    batches: 10,
    steps: 500,
  },
};

const agreement = { agrees: true, probabilities: 1e-7, losses: 2e-7, trained: 3e-7 };

const comparison: Comparison = {
  kind: "comparison",
  ...circumstances,
  rounds: 3,
  librarySizes: { "webgpu-rnn": { code: 32_100 }, "tfjs-wasm": { code: 137_000, wasm: 142_000 } },
  reports: [
    {
      engine: "webgpu-rnn",
      steps: 500,
      agreement,
      times: { train: summarize([50, 40, 45]), forward: summarize([20]) },
      needs: {
        dispatches: 11,
        memory: { peak: 20e6, byLabel: { "training/h": 8e6, "model/parameters": 2e6, "training/dz": 8e6 } },
      },
    },
    {
      engine: "tfjs-webgpu",
      steps: 500,
      agreement: { ...agreement, agrees: false },
      times: {},
      note: "disagrees with the float64 reference; not timed",
    },
    { engine: "tfjs-wasm", steps: 500, agreement, times: { forward: summarize([2000]) } },
  ],
};

describe("tables", () => {
  test("the engines' table has times, ratios, needs, agreement and notes", () => {
    const text = comparisonTable(comparison);
    expect(text).toMatch(/\| webgpu-rnn +\| +500 \| 45\.0 ms \(40\.0 to 50\.0\) \| +20\.0 ms/);
    expect(text).toMatch(/\| TF\.js, wasm +\| +500 \| +– \| 2,000 ms \(2,000 to 2,000\) \[100 ×\] \|/);
    expect(text).toContain("137 kB + 142 kB wasm");
    expect(text).toMatch(/stored states take 8\.00 MB.* optimizer 2\.00 MB; everything else 10\.0 MB/);
    expect(text).toMatch(/\| TF\.js, WebGPU +\| +500 \| +NO \|/);
    expect(text).toContain("TF.js, WebGPU, T = 500: disagrees with the float64 reference; not timed.");
    expect(text).toContain(
      "A Processor, 2 cores; 2026-01-02. SimpleRNN, V = 10,000, E = 32, U = 32, B = 128, T = 500, IMDB.",
    );
  });

  test("the profile's table has the floor and the distance to it", () => {
    const result: ProfileResult = {
      kind: "profile",
      ...circumstances,
      profile: {
        adapter: "google swiftshader",
        clock: "time stamps",
        shape: "narrow",
        rates: { copy: 10e9, arithmetic: 10e9 },
        sizes: {} as ProfileResult["profile"]["sizes"],
        programs: [
          {
            name: "training step",
            milliseconds: 9,
            kernels: [
              { label: "scanForward<units=32 part=samples>", milliseconds: 6, flop: 30e6, bytes: 10e6 },
              { label: "copying", milliseconds: 2, flop: 0, bytes: 10e6 },
              { label: "unheardOf", milliseconds: 1 },
              { label: "clear<tensor=embeddings bytes=4>", milliseconds: 0.5, flop: 0, bytes: 4 },
              { label: "scanForward<units=32 part=prefix>", milliseconds: 0, empty: true },
            ],
          },
        ],
      },
    };
    const text = profileTable(result);
    expect(text).toMatch(/\| scanForward, samples +\| +6\.00 \| +30\.0 \| +10\.0 \| +3\.00 \| +2\.00 × \|/);
    expect(text).toMatch(/\| copying +\| +2\.00 \| +0 \| +10\.0 \| +1\.00 \| +2\.00 × \|/);
    expect(text).toMatch(/\| unheardOf +\| +1\.00 \| +– \| +– \| +– \| +– \|/);
    expect(text).toMatch(/\| clear, embeddings +\| +0\.500 \| +0 \|/);
    expect(text).toMatch(/\| scanForward, prefix +\| nothing to do \| +– \| +– \| +– \| +– \|/);
  });

  test("digits and columns", () => {
    expect([12_345, 123.4, 12.34, 1.234, 0.01234, 0].map(digits)).toEqual([
      "12,345",
      "123",
      "12.3",
      "1.23",
      "0.012",
      "0",
    ]);
    expect(table(["", "long title"], [["a", "1"]])).toBe(
      "|     | long title |\n| --- | ---------: |\n| a   |          1 |",
    );
  });
});

describe("plots", () => {
  test("have a group for each case with something to compare", () => {
    const svg = comparisonPlot(comparison)!;
    expect(svg.match(/class="group"/g)).toHaveLength(1);
    expect(svg.match(/<rect/g)).toHaveLength(2);
    expect(svg).toContain("2,000 ms (100 ×)");
  });

  test("are left out where there is one engine only", () => {
    expect(comparisonPlot({ ...comparison, reports: comparison.reports.slice(0, 1) })).toBeUndefined();
  });

  test("longer times have longer bars; text is escaped", () => {
    const bar = (value: number) => ({ label: `<${value}>`, value, text: "", ours: false });
    const svg = barChart("a & b", [{ title: "t", bars: [bar(1), bar(10), bar(100)] }]);
    const widths = [...svg.matchAll(/<rect[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width));
    expect(widths[1] / widths[0]).toBeCloseTo(2, 1);
    expect(widths[2] / widths[0]).toBeCloseTo(3, 1);
    expect(svg).toContain("a &amp; b");
    expect(svg).toContain("&lt;10>");
  });
});

describe("files", () => {
  test("a result's name says what was measured where", () => {
    expect(resultName(comparison)).toBe("comparison-chromium-swiftshader");
    const onGpu = { ...comparison, runtime: "Node 20.1.0", adapter: "nvidia ampere: A100/40" };
    expect(resultName(onGpu)).toBe("comparison-node-nvidia-ampere-a100-40");
    const lstm = { ...comparison, job: { ...comparison.job, cell: "lstm" as const } };
    expect(resultName(lstm)).toBe("comparison-lstm-chromium-swiftshader");
  });

  test("results replace what stands between the page's marks", () => {
    const page = "a\n<!-- written by npm run bench -- --write-docs: begin -->\nold\n<!-- end -->\nb";
    const once = replaceBetween(page, "new");
    expect(once).not.toContain("old");
    expect(once).toMatch(/^a\n.*\n\nnew\n\n<!-- end -->\nb$/s);
    expect(replaceBetween(once, "new")).toBe(once);
    expect(() => replaceBetween("nothing", "new")).toThrow(/expected the marks/);
  });
});

describe("the job", () => {
  const job: Job = {
    cell: "simpleRnn",
    data: "sample",
    vocabulary: 9,
    width: 1,
    units: 1,
    batchSize: 2,
    batches: 1,
    steps: 3,
    tokens: Int32Array.of(0, 1, 2, 3, 4, 5),
    labels: Float32Array.of(1, 0),
    weights: [Float32Array.of(0.5, -0.5), Float32Array.of(7)],
  };

  test("survives the way to the page", () => {
    const bytes = encodeJob(job);
    expect(decodeJob(bytes.slice().buffer)).toEqual(job);
  });

  test("is cut to the last steps of each review", () => {
    const cut = withSteps(job, 2);
    expect(Array.from(cut.tokens)).toEqual([1, 2, 4, 5]);
    expect(rowsOf(cut, 1, 1)).toEqual({
      x: { data: Int32Array.of(4, 5), shape: [1, 2] },
      y: Float32Array.of(0),
    });
    expect(withSteps(job, 3)).toBe(job);
  });

  test("has a SimpleRNN of the first gate's weights beside each LSTM", () => {
    const [E, U] = [2, 2];
    const rising = (length: number) => Float32Array.from({ length }, (_, i) => i);
    const weights = [rising(3), rising(E * 4 * U), rising(U * 4 * U), rising(4 * U), rising(U), rising(1)];
    const lstm: Job = { ...job, cell: "lstm", width: E, units: U, weights };
    const simple = withSimpleRnn(lstm);
    expect(simple.cell).toBe("simpleRnn");
    expect(simple.weights.map((array) => Array.from(array))).toEqual([
      [0, 1, 2],
      [0, 1, 8, 9],
      [0, 1, 8, 9],
      [0, 1],
      [0, 1],
      [0],
    ]);
    expect(jobFor("simple-rnn", lstm)).toEqual(simple);
    expect(jobFor("webgpu-rnn", lstm)).toBe(lstm);
    expect(withSimpleRnn(job)).toBe(job);
  });
});

describe("flags", () => {
  test("--only names engines, cases or both", () => {
    const all = selection(undefined);
    expect(selection("train")).toEqual({ engines: all.engines, cases: ["train"] });
    expect(selection("jax-js")).toEqual({ engines: ["jax-js"], cases: all.cases });
    expect(selection("single, tfjs-wasm,webgpu-rnn")).toEqual({
      engines: ["webgpu-rnn", "tfjs-wasm"],
      cases: ["single"],
    });
    expect(() => selection("tensorflow")).toThrow(/expected names among webgpu-rnn, .*got "tensorflow"/);
  });

  test("unknown flags and wrong values are refused", () => {
    expect(() => parseBenchFlags(["--quik"])).toThrow(/did you mean --quick/);
    expect(parseBenchFlags(["--cell", "lstm"])).toEqual({ cell: "lstm" });
    expect(() => parseBenchFlags(["--cell", "rnn"])).toThrow(/one of simple-rnn, lstm, gru, got "rnn"/);
    expect(() => parseBenchFlags(["--rounds", "0"])).toThrow(/whole number from 1 to 100/);
    expect(parseBenchFlags(["--quick", "--rounds", "2"])).toEqual({ quick: true, rounds: 2 });
  });
});

test("the median of an even number of rounds lies between the middle two", () => {
  expect(summarize([4, 1, 3, 2])).toEqual({ median: 2.5, least: 1, most: 4, rounds: 4 });
});
