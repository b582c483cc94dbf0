import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runJob } from "../../src/job/run";
import type { JobConfig, JobEvent } from "../../src/job/types";
import { decodeCheckpoint } from "../../src/io/index";
import { runInBrowser } from "../../src/node/browser-job";
import { fileBytes } from "../../src/node/checkpoint-file";
import { jobData } from "../../src/node/job-data";
import { loadReviews } from "../../src/node/load-reviews";
import { findChromium, getTestDevice, requireGpu } from "../support/adapter";

const config: JobConfig = {
  epochs: 2,
  batchSize: 32,
  numWords: 2000,
  maxlen: 24,
  embedding: 5,
  units: 7,
  validationSplit: 0.2,
  learningRate: 0.01,
  seed: 3,
  sample: true,
  trainLimit: 200,
  testLimit: 50,
};

let library = "";
beforeAll(() => {
  library = mkdtempSync(join(tmpdir(), "library-"));
  const build = [
    "node_modules/vite/bin/vite.js",
    "build",
    "--logLevel",
    "error",
    "--emptyOutDir",
    "--outDir",
    library,
  ];
  execFileSync(process.execPath, build);
});
afterAll(() => rmSync(library, { recursive: true }));

test.skipIf(!findChromium() && !requireGpu)(
  "the job in a headless browser tells the same, in the same order, as in Node",
  async ({ skip }) => {
    const device = await getTestDevice();
    if (!device) return skip("no adapter");
    const reviews = await loadReviews({ sample: true, numWords: config.numWords, notice: () => undefined });
    const data = jobData(reviews, config);
    const events: Record<"node" | "browser", JobEvent[]> = { node: [], browser: [] };
    const inNode = await runJob(config, data, device, { emit: (event) => events.node.push(event) });
    const inBrowser = await runInBrowser(config, data, {
      library,
      emit: (event) => events.browser.push(event),
    });

    // How many steps are told of an epoch depends on how long they take.
    const order = (list: JobEvent[]) =>
      list.map(({ kind }) => kind).filter((kind, i, all) => kind !== "step" || all[i - 1] !== "step");
    expect(order(events.browser)).toEqual(order(events.node));
    expect(order(events.node)).toHaveLength(2 + 3 * config.epochs);
    const losses = ({ epochs, test }: typeof inNode.result) => [...epochs.map(({ loss }) => loss), test.loss];
    const expected = losses(inNode.result);
    losses(inBrowser.result).forEach((loss, i) => expect(loss).toBeCloseTo(expected[i] ?? NaN, 4));
    expect(inBrowser.weights.length).toBe(inNode.weights.length);
    device.destroy();
  },
);

test.skipIf(!findChromium() && !requireGpu)(
  "a job stopped in the browser goes on in another one, from the checkpoint in the file",
  async () => {
    const long = { ...config, epochs: 8 };
    const reviews = await loadReviews({ sample: true, numWords: config.numWords, notice: () => undefined });
    const data = jobData(reviews, long);
    const storeOf = (name: string) => ({
      bytes: fileBytes(join(library, "..", `${name}-${process.pid}.checkpoint.safetensors`)),
      metadata: { note: "mine" },
    });
    const lastOf = async ({ bytes }: ReturnType<typeof storeOf>) => decodeCheckpoint((await bytes.load())!);
    const checkpoint = storeOf("job");
    const stop = new AbortController();
    const emit = (event: JobEvent) => {
      if (event.kind === "epoch" && event.epoch === 1) stop.abort();
    };
    const options = { library, checkpoint: { ...checkpoint, resume: true } };
    const stopped = runInBrowser(long, data, { ...options, emit, signal: stop.signal });
    await expect(stopped).rejects.toMatchObject({ name: "AbortError" });

    const epochs: number[] = [];
    const resumed = await runInBrowser(long, data, {
      ...options,
      emit: (event) => event.kind === "epoch" && epochs.push(event.epoch),
    });
    // The page had begun the second epoch, or later ones on a busy machine; a checkpoint may have been on its way.
    const all = Array.from({ length: long.epochs }, (_, epoch) => epoch);
    expect(epochs.length).toBeGreaterThan(0);
    expect(epochs).toEqual(all.slice(-epochs.length));
    const last = await lastOf(checkpoint);
    expect(last.snapshot.position.epoch).toBe(long.epochs);
    expect(last.metadata).toEqual({ note: "mine" });
    // The bits are those of a shape of the time loop, which each run measures anew: on a busy machine not always the same.
    const own = storeOf("undisturbed");
    let undisturbed: Uint8Array | undefined;
    for (let run = 0; run < 5 && !undisturbed; run++) {
      const { weights } = await runInBrowser(long, data, {
        library,
        checkpoint: { ...own, resume: false },
        emit: () => undefined,
      });
      const { machine } = (await lastOf(own)).snapshot;
      if (machine.scan === last.snapshot.machine.scan) undisturbed = weights;
    }
    await own.bytes.clear();
    expect(undisturbed && Buffer.compare(resumed.weights, undisturbed)).toBe(0);
    await checkpoint.bytes.clear();
  },
);

test.skipIf(!findChromium() && !requireGpu)("a failure in the page keeps its message", async () => {
  const reviews = await loadReviews({ sample: true, numWords: config.numWords, notice: () => undefined });
  const data = jobData(reviews, config);
  data.train.x.data[5] = 99_999;
  const run = runInBrowser(config, data, { library, emit: () => undefined });
  await expect(run).rejects.toThrow(/^fit: expected .*99.?999/);
});
