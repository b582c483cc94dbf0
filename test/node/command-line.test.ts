import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommandLine } from "../../src/node/command-line";
import { listNodeAdapters } from "../../src/node/device";
import { requireGpu } from "../support/adapter";

const adapters = await listNodeAdapters();
let folder = "";
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "command-line-"))));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const code = await runCommandLine(args, {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

const escaped = (text: string): string => text.replace(/[^\w\s]/g, "\\$&");

test("--version is that of package.json", async () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  expect(await run("--version")).toEqual({ code: 0, out: `${version}\n`, err: "" });
});

test.each([[["--help"]], [[]], [["help"]]])("%j lists the commands and all their flags", async (args) => {
  const { code, out } = await run(...args);
  expect(code).toBe(0);
  expect(out).toContain("webgpu-rnn imdb [FLAGS]");
  expect(out).toMatch(/^ {2}--validation-split X +part of the training reviews/m);
  expect(out).toMatch(/^Flags of predict:$/m);
});

test("a command's help lists its own flags only", async () => {
  const { out } = await run("predict", "--help");
  expect(out).toMatch(/^Flags of predict:\n {2}--model FILE/);
  expect(out).not.toContain("--epochs");
});

test.each([
  [["imdb", "--epoch", "3"], 'webgpu-rnn imdb: expected a known flag, got "--epoch"; did you mean --epochs?'],
  [
    ["imdb", "--units", "0"],
    'webgpu-rnn imdb: --units: expected a whole number from 1 to 1,024, got "0"; for example --units 10',
  ],
  [
    ["imbd"],
    'webgpu-rnn: expected a command (imdb, text, predict, info, convert), got "imbd"; did you mean imdb?',
  ],
  [
    ["toString"],
    'webgpu-rnn: expected a command (imdb, text, predict, info, convert), got "toString"; --help tells more',
  ],
  [["info"], "webgpu-rnn info: expected info FILE, got nothing; --help tells more"],
  [["convert", "a.h5"], "webgpu-rnn convert: expected convert IN OUT, got a.h5; --help tells more"],
  [["info", "--json"], "webgpu-rnn info: expected info FILE, got --json; --help tells more"],
  [
    ["predict", "--text", "x"],
    "webgpu-rnn predict: expected --model FILE, got nothing; name weights that imdb saved",
  ],
  [
    ["predict", "--model", "x"],
    'webgpu-rnn predict: expected --text "…", got nothing; write the review behind it',
  ],
])("%j ends with code 2 and one line", async (args, line) => {
  expect(await run(...args)).toEqual({ code: 2, out: "", err: `${line}\n` });
});

test("a run that cannot begin ends with code 1 and one line", async () => {
  const missing = join(folder, "missing.safetensors");
  expect(await run("predict", "--model", missing, "--text", "x")).toEqual({
    code: 1,
    out: "",
    err: `webgpu-rnn predict: readFile: expected a file that can be read, got no such file at "${missing}"; check the path\n`,
  });
  const { code, err } = await run("imdb", "--data", folder, "--out", join(folder, "o"));
  expect(code).toBe(1);
  expect(err).toMatch(/^webgpu-rnn imdb: imdb.loadData: expected imdb.npz in the folder .*\n$/);
});

test("a place that cannot be written to is refused before any work is done", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  const { code, out, err } = await run("imdb", "--sample", "--out", join(file, "weights"));
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toMatch(/^webgpu-rnn imdb: checkWritable: expected a folder that can be written to, got .*\n$/);
});

describe.skipIf(adapters.length === 0 && !requireGpu)("with an adapter", () => {
  const small =
    "--sample --epochs 2 --train-limit 160 --test-limit 40 --batch-size 32 --maxlen 20 --units 4".split(" ");

  test("--adapter list names every adapter", async () => {
    const { code, out } = await run("imdb", "--adapter", "list");
    expect(code).toBe(0);
    for (const { name, description } of adapters)
      expect(out).toMatch(new RegExp(`^${escaped(name)}.*: ${escaped(description)}$`, "m"));
  });

  test("the main job trains, evaluates, saves, reports, and its file predicts", async () => {
    const [weights, reportFile] = [join(folder, "new", "w.safetensors"), join(folder, "r.json")];
    const { code, out, err } = await run("imdb", ...small, "--out", weights, "--report", reportFile);
    expect(err).toBe("");
    expect(code).toBe(0);
    expect(out).toContain("│ simple_rnn (SimpleRNN)          │ (None, 4)");
    expect(out).toMatch(
      /^Epoch 2\/2\n4\/4 ━{20} \S+ \S+\/step - acc: \S+ - loss: \S+ - val_acc: \S+ - val_loss: \S+\n/m,
    );
    expect(out).toMatch(
      /^Test: loss 0\.\d{4}, acc 0\.\d{4} on 40 reviews never trained on\nA bag of words on/m,
    );

    const report = JSON.parse(readFileSync(reportFile, "utf8")) as Record<string, unknown> & {
      epochs: object[];
    };
    expect(Object.keys(report)).toEqual(
      expect.arrayContaining(["adapter", "config", "parameters", "epochs", "test", "seconds"]),
    );
    expect(report.parameters).toBe(320_000 + 32 * 4 + 4 * 4 + 4 + 4 + 1);
    expect(report.epochs).toHaveLength(2);
    expect(Object.keys(report.epochs[0] ?? {}).sort()).toEqual([
      "acc",
      "loss",
      "seconds",
      "steps",
      "val_acc",
      "val_loss",
    ]);

    const predicted = await run("predict", "--model", weights, "--text", "a zorblaxian film");
    expect(predicted.code).toBe(0);
    expect(predicted.out).toMatch(/^0\.\d{4}\n$/);
    expect(predicted.err).toContain("words the model does not know: zorblaxian");
  });

  test("the same seed writes the same file, another seed another one", async () => {
    const files = ["7", "7", "8"].map((seed, i) => ({ seed, file: join(folder, `seed${i}`) }));
    for (const { seed, file } of files) await run("imdb", ...small, "--seed", seed, "--out", file);
    const [first, same, other] = files.map(({ file }) => readFileSync(file));
    expect(same?.equals(first ?? Buffer.alloc(0))).toBe(true);
    expect(other?.equals(first ?? Buffer.alloc(0))).toBe(false);
  });

  test("a run stopped before its first checkpoint says so, ends with code 130 and saves nothing", async () => {
    const stop = new AbortController();
    let err = "";
    const stdout = { write: (text: string) => void (text.startsWith("Epoch 1") && stop.abort()) };
    const file = join(folder, "stopped");
    const code = await runCommandLine(["imdb", ...small, "--out", file], {
      stdout,
      stderr: { write: (text: string) => (err += text) },
      signal: stop.signal,
    });
    expect({ code, err }).toEqual({ code: 130, err: "\nStopped; nothing was saved.\n" });
    expect(() => readFileSync(file)).toThrow("ENOENT");
  });
});
