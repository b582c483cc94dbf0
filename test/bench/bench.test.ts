import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bench } from "../../bench/bench";
import { makeJob, quickSizes } from "../../bench/data";
import { enginesFor } from "../../bench/engines/engine";
import { costOf } from "../../bench/profile/costs";
import { profileJob, withParts } from "../../bench/profile/profile-job";
import type { BenchResult } from "../../bench/result";
import { noStep } from "../../src/kernels/shared/step";
import { findChromium, getTestDevice, requireGpu } from "../support/adapter";

const root = process.cwd();
let folder = "";
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "bench-"))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the benchmark with its quick job; what it prints comes back too. */
async function quickly(...flags: string[]): Promise<{ result: BenchResult | undefined; printed: string }> {
  let printed = "";
  const out = ["--out", relative(root, folder)];
  const result = await bench(root, ["--quick", ...out, ...flags], {
    print: (text) => (printed += text),
    say: () => undefined,
  });
  return { result, printed };
}

describe("the benchmark runs, whatever its times are", () => {
  test("all engines in headless Chromium", { timeout: 150_000 }, async ({ skip }) => {
    if (!findChromium() && !requireGpu) return skip("no Chromium here");
    const { result, printed } = await quickly("--rounds", "1");
    const engines = enginesFor("simpleRnn");
    if (result?.kind !== "comparison") throw new Error("expected a comparison");
    expect(new Set(result.reports.map(({ engine }) => engine))).toEqual(new Set(engines));
    for (const { engine, agreement, times, needs, note } of result.reports) {
      expect({ engine, note, agrees: agreement?.agrees }).toEqual({ engine, agrees: true });
      const trains = engine !== "tfjs-wasm" && engine !== "onnxruntime-web";
      expect(Object.keys(times)).toEqual(trains ? ["train", "forward", "single"] : ["forward", "single"]);
      if (!trains) continue;
      expect(needs?.dispatches).toBeGreaterThan(0);
      expect(needs?.memory?.peak).toBeGreaterThan(0);
    }
    for (const name of engines) expect(result.librarySizes[name]?.code).toBeGreaterThan(10_000);
    expect(printed).toContain("jax-js, WebGPU");
    checkFiles(["comparison-chromium"]);
  });

  test("this library in Node, and its profile", async ({ skip }) => {
    const device = await getTestDevice();
    if (!device) return skip("no WebGPU adapter");
    device.destroy();
    const adapter = process.env.WEBGPU_RNN_ADAPTER;
    const flags = ["--node", ...(adapter ? ["--adapter", adapter] : [])];
    const { result } = await quickly(...flags, "--rounds", "1");
    expect(result).toMatchObject({ reports: [{ engine: "webgpu-rnn", agreement: { agrees: true } }] });
    const { printed } = await quickly(...flags, "--profile");
    expect(printed).toMatch(/training step: [\d.]+ ms/);
    expect(printed).toMatch(/scanBackward/);
    checkFiles(["comparison-node", "profile-node"]);
  });

  test.for(["lstm", "gru"])("--cell %s in Node, with the SimpleRNN beside it", async (cell, { skip }) => {
    const device = await getTestDevice();
    if (!device) return skip("no WebGPU adapter");
    device.destroy();
    const adapter = process.env.WEBGPU_RNN_ADAPTER;
    const flags = ["--node", "--cell", cell, "--rounds", "1", ...(adapter ? ["--adapter", adapter] : [])];
    const { result } = await quickly(...flags);
    expect(result).toMatchObject({
      job: { cell },
      reports: [
        { engine: "webgpu-rnn", agreement: { agrees: true } },
        { engine: "simple-rnn", agreement: { agrees: true } },
      ],
    });
    checkFiles([`comparison-${cell}-node`]);
  });

  test("the curves over T, B, U and V in Node", async ({ skip }) => {
    const device = await getTestDevice();
    if (!device) return skip("no WebGPU adapter");
    device.destroy();
    const adapter = process.env.WEBGPU_RNN_ADAPTER;
    const { result, printed } = await quickly("--scale", ...(adapter ? ["--adapter", adapter] : []));
    if (result?.kind !== "scale") throw new Error("expected curves");
    expect(result.points).toHaveLength(2 * (3 + 2 + 2 + 2));
    for (const { sizes, measured, note } of result.points) {
      expect({ sizes, note }).toEqual({ sizes });
      expect(measured!.train.median).toBeGreaterThan(0);
      expect(measured!.forward.median).toBeGreaterThan(0);
      expect(measured!.dispatches.train).toBeGreaterThan(measured!.dispatches.forward);
      expect(measured!.dispatches.forward).toBeGreaterThan(0);
      // The stored states alone, and the weights with gradients and velocity.
      const { tokens, parameters } = measured!;
      expect(measured!.memory).toBeGreaterThan(4 * (tokens * sizes.units + 3 * parameters));
    }
    expect(printed).toContain("The model of cost");
    checkFiles(["scale-node"]);
    expect(readdirSync(folder).filter((file) => /^scale-.*-[tbuv]\.svg$/.test(file))).toHaveLength(4);
  });

  test("every kernel of the job has a cost, in both shapes of the time loop", async ({ skip }) => {
    const device = await getTestDevice();
    if (!device) return skip("no WebGPU adapter");
    const job = await makeJob(root, { ...quickSizes, steps: 6 }, true);
    for (const shape of ["narrow", "wide"] as const) {
      const { programs, rates, sizes } = await profileJob(device, job, shape);
      expect(rates.copy).toBeGreaterThan(1e7);
      expect(rates.arithmetic).toBeGreaterThan(1e7);
      expect(sizes.prefixSteps).toBeLessThanOrEqual(6);
      const kernels = programs.flatMap((program) => program.kernels);
      expect(kernels.filter(({ flop, bytes }) => flop === undefined || bytes === undefined)).toEqual([]);
      const parts = kernels.flatMap(
        ({ label }) => /^(scan\w+).* part=(\w+)/.exec(label)?.slice(1).join(" ") ?? [],
      );
      expect(parts).toEqual([
        ...["scanForward prefix", "scanForward samples", "scanBackward samples", "scanBackward prefix"],
        ...["scanForward prefix", "scanForward samples"],
      ]);
    }
    device.destroy();
  });
});

/** JSON with these names is there, and tells nothing of the machine but what it is. */
function checkFiles(names: readonly string[]): void {
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  for (const name of names) {
    const file = files.find((candidate) => candidate.startsWith(name));
    expect(file).toBeDefined();
    const text = readFileSync(join(folder, file!), "utf8");
    expect(text).not.toContain(root);
    expect(text).not.toContain(hostname());
  }
}

test("dispatches of a scan's one kernel are told apart by their order, chunks too", () => {
  const labels = ["a<b=1>", "scanForward<u=1>", "scanForward<u=1>", "scanForward<u=1>", "scanForward<u=1>"];
  const named = withParts([...labels, "scanBackward<u=1>", "scanBackward<u=1>"].map((label) => ({ label })));
  expect(named.map(({ label }) => label)).toEqual([
    "a<b=1>",
    ...["prefix", "prefix", "samples", "samples"].map((part) => `scanForward<u=1 part=${part}>`),
    ...["samples", "prefix"].map((part) => `scanBackward<u=1 part=${part}>`),
  ]);
});

test("the cost of a scan grows with its steps and the square of its units", () => {
  const sizes = {
    ...noStep,
    samples: 4,
    segments: 5,
    rows: 105,
    distinct: 30,
    tasks: 31,
    outputs: 4,
    steps: 40,
    prefixSteps: 20,
  };
  const scan = (units: number, part: string) =>
    costOf(`scanForward<shape=wide units=${units} cell=simpleRnn-tanh part=${part}>`, sizes)!;
  expect(scan(8, "all").flop).toBe(2 * 100 * 8 * 8);
  expect(scan(16, "prefix").flop).toBe(2 * 20 * 16 * 16);
  expect(scan(8, "samples").flop + scan(8, "prefix").flop).toBe(scan(8, "all").flop);
  // 105 states, the kernel, and 30 projected rows are more than half of what must be moved.
  expect(scan(8, "all").bytes).toBeGreaterThan(4 * (105 * 8 + 64 + 30 * 8));
  const lstm = costOf("scanForward<shape=wide units=8 cell=lstm-tanh-sigmoid part=all keep=true>", sizes)!;
  expect(lstm.flop).toBe(4 * scan(8, "all").flop);
  // Two states, and four gates that the backward pass needs.
  expect(lstm.bytes).toBeGreaterThan(4 * (105 * 8 * 2 + 100 * 8 * 4 + 4 * 64 + 30 * 8 * 4));
  expect(costOf("unheardOf<a=1>", sizes)).toBeUndefined();
  expect(costOf("scanForward<shape=wide units=8 cell=unheardOf part=all>", sizes)).toBeUndefined();
  expect(costOf("scanForward<width=8>", sizes)).toBeUndefined();
});
