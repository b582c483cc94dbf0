import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decodeCheckpoint } from "../../src/io/index";
import type { JobConfig } from "../../src/job/types";
import { runCommandLine } from "../../src/node/command-line";
import { listNodeAdapters } from "../../src/node/device";
import { checkpointMetadata, checkpointPath, findCheckpoint } from "../../src/node/job-checkpoint";
import { UsageError } from "../../src/node/options";
import { Terminal } from "../../src/node/terminal";
import { fileCheckpoints } from "../../src/node/index";
import { madeUpSnapshot } from "../io/snapshots";
import { requireGpu } from "../support/adapter";

const adapters = await listNodeAdapters();
let folder = "";
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "resume-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const config: JobConfig = {
  epochs: 4,
  batchSize: 25,
  numWords: 2000,
  maxlen: 24,
  embedding: 5,
  units: 7,
  validationSplit: 0.2,
  learningRate: 0.01,
  seed: 3,
  sample: true,
  trainLimit: 200,
};

async function find(path: string, now: JobConfig, resume = true): Promise<{ found: boolean; lines: string }> {
  let lines = "";
  const terminal = new Terminal({ write: (text: string) => (lines += text) });
  const found = await findCheckpoint(path, now, { resume, terminal });
  return { found, lines };
}

describe("the checkpoint of an unfinished job", () => {
  test("lies beside the weights", () => {
    expect(checkpointPath("artifacts/imdb.safetensors")).toBe("artifacts/imdb.checkpoint.safetensors");
    expect(checkpointPath("other.keras")).toBe("other.keras.checkpoint.safetensors");
  });

  test("is told of, whether it is to be used or not", async () => {
    const path = join(folder, "c.safetensors");
    expect(await find(path, config, false)).toEqual({ found: false, lines: "" });
    expect(await find(path, config)).toEqual({
      found: false,
      lines: `No checkpoint at ${path}; starting anew\n`,
    });
    await fileCheckpoints(path, { metadata: checkpointMetadata({}, config) }).save(await madeUpSnapshot());
    expect(await find(path, config)).toEqual({
      found: true,
      lines: `Resuming ${path}: 1 of 4 epochs are done, and 3 of 4 steps of the next (so far on an adapter)\n`,
    });
    expect((await find(path, { ...config, epochs: 9 })).lines).toContain("1 of 9 epochs are done");
    expect(await find(path, config, false)).toEqual({
      found: false,
      lines: `Starting anew; this replaces the checkpoint ${path} (--resume goes on from it)\n`,
    });
  });

  test.each<[Partial<JobConfig>, string]>([
    [{ batchSize: 64 }, "--batch-size: expected 25, as in the checkpoint PATH, got 64; pass --batch-size 25"],
    [{ seed: 4 }, "--seed: expected 3, as in the checkpoint PATH, got 4; pass --seed 3"],
    [{ validationSplit: 0.1 }, "--validation-split: expected 0.2, as in the checkpoint PATH, got 0.1"],
    [{ trainLimit: undefined }, "--train-limit: expected 200, as in the checkpoint PATH, got none"],
    [
      { testLimit: 9 },
      "--test-limit: expected none, as in the checkpoint PATH, got 9; leave out --test-limit",
    ],
    [
      { sample: false },
      "--sample: expected the sample corpus, as in the checkpoint PATH, got the IMDB reviews",
    ],
    [{ epochs: 1 }, "--epochs: expected at least 2, as in the checkpoint PATH, got 1; pass --epochs 4"],
  ])("%j is another run: refused by the flag's name", async (change, message) => {
    const path = join(folder, "c.safetensors");
    await fileCheckpoints(path, { metadata: checkpointMetadata({}, config) }).save(await madeUpSnapshot());
    const run = find(path, { ...config, ...change });
    await expect(run).rejects.toThrow(UsageError);
    await expect(run).rejects.toThrow(message.replace("PATH", path));
  });

  test("of another program, or damaged, is refused", async () => {
    const path = join(folder, "c.safetensors");
    await fileCheckpoints(path).save(await madeUpSnapshot());
    await expect(find(path, config)).rejects.toThrow(/--resume: expected a checkpoint of this program at/);
    const bytes = readFileSync(path);
    bytes[bytes.length - 7] ^= 1;
    writeFileSync(path, bytes);
    await expect(find(path, config)).rejects.toThrow(/expected checksum/);
    expect((await find(path, config, false)).found).toBe(false);
  });
});

describe.skipIf(adapters.length === 0 && !requireGpu)("imdb --resume", () => {
  const small =
    "--sample --epochs 4 --train-limit 200 --test-limit 40 --batch-size 32 --maxlen 20 --num-words 500 --units 4".split(
      " ",
    );

  /** Runs the program; stops it when it prints a line that begins with `until`. */
  async function run(args: string[], until = "never"): Promise<{ code: number; out: string; err: string }> {
    const stop = new AbortController();
    let [out, err] = ["", ""];
    const code = await runCommandLine(["imdb", ...small, ...args], {
      stdout: {
        write(text: string) {
          out += text;
          if (text.startsWith(until)) stop.abort();
        },
      },
      stderr: { write: (text: string) => (err += text) },
      signal: stop.signal,
    });
    return { code, out, err };
  }

  interface Report {
    epochs: {
      loss: number;
      acc: number;
      val_loss: number;
      val_acc: number;
      steps: number;
      seconds: number;
    }[];
    test: object;
    seconds: number;
  }
  const reportOf = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Report;
  const figures = ({ epochs, test }: Report) => ({
    epochs: epochs.map(({ loss, acc, val_loss, val_acc, steps }) => ({
      loss,
      acc,
      val_loss,
      val_acc,
      steps,
    })),
    test,
  });

  test(
    "a stopped run goes on to the undisturbed file and report, and leaves no checkpoint",
    { timeout: 120_000 },
    async () => {
      const [whole, parts] = [join(folder, "whole.safetensors"), join(folder, "parts.safetensors")];
      const [wholeReport, partsReport] = [join(folder, "whole.json"), join(folder, "parts.json")];
      const checkpoint = checkpointPath(parts);
      await run(["--out", whole, "--report", wholeReport]);

      const stopped = await run(["--out", parts], "Epoch 3");
      expect(stopped.code).toBe(130);
      expect(stopped.err).toBe(`\nStopped; the same command with --resume goes on from ${checkpoint}.\n`);
      expect(existsSync(parts)).toBe(false);
      expect(decodeCheckpoint(readFileSync(checkpoint)).snapshot.position).toMatchObject({
        epoch: 2,
        step: 0,
      });

      const refused = await run(["--out", parts, "--resume", "--units", "5"]);
      expect(refused.code).toBe(2);
      expect(refused.err).toContain("--units: expected 4, as in the checkpoint");

      const resumed = await run(["--out", parts, "--resume", "--report", partsReport]);
      expect(resumed.err).toBe("");
      expect(resumed.code).toBe(0);
      expect(resumed.out).toContain(`Resuming ${checkpoint}: 2 of 4 epochs are done (so far on `);
      expect(resumed.out).not.toContain("Epoch 2/4");
      expect(readFileSync(parts).equals(readFileSync(whole))).toBe(true);
      expect(figures(reportOf(partsReport))).toEqual(figures(reportOf(wholeReport)));
      const { epochs, seconds } = reportOf(partsReport);
      expect(seconds).toBeGreaterThan(epochs.reduce((sum, epoch) => sum + epoch.seconds, 0));
      expect(readdirSync(folder)).not.toContain(basename(checkpoint));
    },
  );

  test("without a checkpoint it says so and starts anew; a checkpoint predicts", async () => {
    const out = join(folder, "w.safetensors");
    const stopped = await run(["--out", out, "--resume"], "Epoch 2");
    expect(stopped.out).toContain(`No checkpoint at ${checkpointPath(out)}; starting anew\n`);
    let predicted = "";
    const code = await runCommandLine(["predict", "--model", checkpointPath(out), "--text", "a film"], {
      stdout: { write: (text: string) => (predicted += text) },
      stderr: { write: () => undefined },
      signal: new AbortController().signal,
    });
    expect(code).toBe(0);
    expect(predicted).toMatch(/^0\.\d{4}\n$/);
  });
});
