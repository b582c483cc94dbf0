import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runCommandLine } from "../../src/node/command-line";
import { imdbFlags, jobConfig } from "../../src/node/imdb-flags";
import { parseFlags } from "../../src/node/options";
import { predictFlags } from "../../src/node/predict-command";
import { textFlags } from "../../src/node/text-flags";
import { fuzz } from "./fuzz";

const flags = [imdbFlags, predictFlags, textFlags].flatMap(Object.keys).map((name) => `--${name}`);
const values = [
  "0",
  "-1",
  "1e309",
  "NaN",
  "0x10",
  "10",
  "1_000",
  "",
  " ",
  "--",
  "-",
  "../..",
  "\0",
  "💥",
  "a".repeat(4000),
];
const odd = [
  "--__proto__",
  "--constructor",
  "--toString=1",
  "-abc",
  "--=",
  "--epochs=",
  "--no-quiet",
  "---x",
];

const word = fc.oneof(
  fc.constantFrom(...flags),
  fc.constantFrom(...values),
  fc.constantFrom(...odd),
  fc.string(),
  fc.tuple(fc.constantFrom(...flags), fc.constantFrom(...values)).map((pair) => pair.join("=")),
);
const words = fc.array(word, { maxLength: 8 });

/** Commands that end with their arguments: no file of these names exists, and none is made. */
const commands = fc.constantFrom(
  "info",
  "convert",
  "predict",
  "imbd",
  "",
  "__proto__",
  "constructor",
  "help",
  "--version",
);

/** The command line: any words. */
export function describeCommandLine(runs: number): void {
  describe(`${runs} command lines of any words`, () => {
    test("flags", async () => {
      await fuzz("flags of imdb", runs, words, (args) => {
        const { epochs, batchSize, validationSplit } = jobConfig(parseFlags(args, imdbFlags), false);
        expect([epochs, batchSize].every((n) => Number.isInteger(n) && n > 0)).toBe(true);
        expect(validationSplit).toBeGreaterThanOrEqual(0);
      });
      await fuzz("flags of predict", runs, words, (args) => parseFlags(args, predictFlags));
      await fuzz("flags of text", runs, words, (args) => parseFlags(args, textFlags));
    });

    test("commands: one line and an exit code", async () => {
      const before = process.cwd();
      const folder = mkdtempSync(join(tmpdir(), "words-"));
      process.chdir(folder);
      try {
        await fuzz("commands", runs, fc.tuple(commands, words), async ([command, args]) => {
          const { code, err } = await run([command, ...args]);
          expect([0, 1, 2]).toContain(code);
          // An error that is not the library's comes with its stack.
          expect(err).not.toMatch(/\n\s+at /);
          if (code > 0) expect(err).toMatch(/^webgpu-rnn.*: .*expected .+, got /s);
        });
      } finally {
        process.chdir(before);
        rmSync(folder, { recursive: true });
      }
    });
  });
}

async function run(args: readonly string[]): Promise<{ code: number; err: string }> {
  let err = "";
  const code = await runCommandLine(args, {
    stdout: { write: () => undefined },
    stderr: { write: (text: string) => (err += text) },
    signal: new AbortController().signal,
  });
  return { code, err };
}
