import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inspectModel, saveModel } from "../../src/io/index";
import { runCommandLine } from "../../src/node/command-line";
import { listNodeAdapters } from "../../src/node/device";
import { UsageError, parseFlags } from "../../src/node/options";
import { checkTogether, textFlags } from "../../src/node/text-flags";
import { characterModel, loadTextModel } from "../../src/node/text-model";
import { readText } from "../../src/node/text-source";
import { FormatError } from "../../src/runtime/errors";
import { requireGpu } from "../support/adapter";

const adapters = await listNodeAdapters();
let folder = "";
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "text-command-"))));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(args: string[], signal = new AbortController().signal, watch?: (text: string) => void) {
  let out = "";
  let err = "";
  const write = (text: string) => {
    out += text;
    watch?.(text);
  };
  const stderr = { write: (text: string) => (err += text) };
  const code = await runCommandLine(["text", ...args], { stdout: { write }, stderr, signal });
  return { code, out, err };
}

function fileOf(name: string, bytes: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

describe("readText", () => {
  test("without a file it is the bundled excerpt of Moby-Dick", async () => {
    const text = await readText();
    expect(text).toMatch(/^CHAPTER 1\. Loomings\.\n\nCall me Ishmael\./);
    expect(text).toHaveLength(383_977);
    expect(new Set(text).size).toBe(80);
  });

  test("plain or packed, without byte order mark and with plain line ends", async () => {
    const bytes = new TextEncoder().encode("\ufeffone\r\ntwö\rthree\n");
    expect(await readText(fileOf("plain.txt", bytes))).toBe("one\ntwö\nthree\n");
    expect(await readText(fileOf("packed.txt.gz", gzipSync(bytes)))).toBe("one\ntwö\nthree\n");
  });

  test.each([
    ["latin1", Uint8Array.of(0x61, 0xe4), "UTF-8 text, got other bytes"],
    ["cut", gzipSync("a long text, a long text").subarray(0, 20), "a whole gzip file, got a damaged one"],
    ["empty", "", "a text, got nothing"],
  ])("%s: refused", async (name, bytes, message) => {
    const file = fileOf(name, bytes);
    await expect(readText(file)).rejects.toThrow(
      new FormatError(`readText: expected ${message} in "${file}"; pass another file`),
    );
  });
});

describe("flags", () => {
  test.each([
    [["--cell", "gpu"], '--cell: expected one of gru, lstm, simple-rnn, got "gpu"; did you mean gru?'],
    [
      ["--temperature", "-1"],
      '--temperature: expected a number from 0, got "-1"; for example --temperature 0.7',
    ],
    [["--top-k", "0"], "--top-k: expected a whole number from 1 to"],
    [["--model", "x"], 'expected a known flag, got "--model"'],
    [
      ["--generate", "m", "--epochs", "3"],
      "--generate: expected only --prompt, --temperature, --top-k, --sample-length, --seed, --adapter beside it, got --epochs; leave it out",
    ],
  ])("%j ends with code 2 and one line", async (args, line) => {
    const { code, out, err } = await run(args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err.startsWith(`webgpu-rnn text: ${line}`)).toBe(true);
    expect(err.indexOf("\n")).toBe(err.length - 1);
  });

  test("--generate goes with what it heeds", () => {
    const values = parseFlags(
      "--generate m --prompt x --temperature 1 --top-k 3 --seed 1".split(" "),
      textFlags,
    );
    expect(() => checkTogether(values)).not.toThrow();
    expect(() => checkTogether({ ...values, quiet: true })).toThrow(UsageError);
  });

  test("--help lists them", async () => {
    const { code, out } = await run(["--help"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^Flags of text:\n {2}--file FILE/);
    expect(out).toMatch(/^ {2}--generate MODEL +do not train/m);
  });
});

test("a text shorter than a row is refused before any work", async () => {
  const { code, err } = await run(["--file", fileOf("short.txt", "abc"), "--out", join(folder, "o")]);
  expect(code).toBe(1);
  expect(err).toBe(
    "webgpu-rnn text: textWindows: expected a text of at least length + 1 = 101 tokens, got 3; pass a longer text or a smaller length\n",
  );
});

test("a model of another kind is refused", async () => {
  const model = characterModel({ vocabulary: 5, cell: "simple-rnn", embedding: 2, units: 2 });
  const file = fileOf("other.safetensors", await saveModel(model, "safetensors"));
  const { code, err } = await run(["--generate", file]);
  expect(code).toBe(1);
  expect(err).toBe(
    "webgpu-rnn text: text: expected a model with its tokenizer in the file's metadata, got none; use a file that webgpu-rnn text wrote\n",
  );
});

describe.skipIf(adapters.length === 0 && !requireGpu)("with an adapter", () => {
  const text = "the cat sat on the mat; the rat sat on the cat. ".repeat(40);
  const small =
    "--cell simple-rnn --units 24 --embedding 8 --seq-length 16 --batch-size 16 --learning-rate 0.02".split(
      " ",
    );
  const sampling = "--sample-length 24 --temperature 0".split(" ");

  test("it learns, writes a sample after each epoch, saves, and goes on writing from the file", async () => {
    const [file, out] = [fileOf("cat.txt", text), join(folder, "new", "cat.safetensors")];
    const args = ["--file", file, "--out", out, "--epochs", "4", "--prompt", "the ", ...small, ...sampling];
    const trained = await run(args);
    expect(trained.err).toBe("");
    expect(trained.code).toBe(0);
    expect(trained.out).toContain("1,920 characters, 13 different ones, cut into 119 rows of 16\n");
    const losses = [...trained.out.matchAll(/^8\/8 ━{20} \S+ \S+\/step - acc: \S+ - loss: (\S+)$/gm)];
    expect(losses).toHaveLength(4);
    expect(Number(losses[3][1])).toBeLessThan(0.5 * Number(losses[0][1]));
    const samples = [...trained.out.matchAll(/loss: \S+\n(the [^]{24})\n\n/g)].map(([, sample]) => sample);
    expect(samples).toHaveLength(4);

    const { tokenizer, prompt } = await loadTextModel(readFileSync(out));
    expect(tokenizer.vocabularySize).toBe(15);
    expect(prompt).toBe("the ");
    expect((await inspectModel(readFileSync(out))).metadata).toHaveProperty("tokenizer");

    // The likeliest characters, from the same weights: what the last sample was.
    expect(await run(["--generate", out, ...sampling])).toEqual({ code: 0, out: `${samples[3]}\n`, err: "" });
    const unknown = await run(["--generate", out, "--prompt", "the Zoo ", ...sampling]);
    expect(unknown.out).toMatch(/^the Zoo [^]{24}\n$/);
    expect(unknown.err).toBe("characters the model does not know: Z\n");
  });

  test("the same seed writes the same text", async () => {
    const file = fileOf("seed.txt", text);
    const out = join(folder, "seed.safetensors");
    await run(["--file", file, "--out", out, "--epochs", "1", ...small, "--sample-length", "1"]);
    const write = (seed: string) => run(["--generate", out, "--sample-length", "40", "--seed", seed]);
    const first = await write("1");
    expect(await write("1")).toEqual(first);
    expect((await write("2")).out).not.toBe(first.out);
  });

  test("stopped after an epoch it saves the model; before, nothing", async () => {
    const file = fileOf("stop.txt", text);
    const start = async (out: string, epoch: string) => {
      const stop = new AbortController();
      const watch = (line: string) => void (line.startsWith(epoch) && stop.abort());
      return run(["--file", file, "--out", out, ...small, ...sampling], stop.signal, watch);
    };
    const [early, late] = [join(folder, "early"), join(folder, "late")];
    expect(await start(early, "Epoch 1/")).toMatchObject({
      code: 130,
      err: "\nStopped; nothing was saved.\n",
    });
    expect(existsSync(early)).toBe(false);
    expect(await start(late, "Epoch 2/")).toMatchObject({
      code: 130,
      err: "\nStopped; the model as trained so far was saved.\n",
    });
    expect((await loadTextModel(readFileSync(late))).tokenizer.vocabularySize).toBe(15);
  });
});
