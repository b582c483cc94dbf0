import { embeddingGather } from "../../src/kernels/embedding-gather";
import { gatherEmbedding } from "../reference/embedding";
import { randomIntegers, randomValues } from "../support/random";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";
import { widths } from "./sizes";

const noToken = 0xffff_ffff;

function gatherCase(rows: number, vocabulary: number, width: number): KernelCase {
  return kernelCase(`embeddingGather: ${rows} rows, V ${vocabulary}, E ${width}`, async (device) => {
    const tokens = randomIntegers(rows + 5, 1, 0, vocabulary);
    const rowTokens = Array.from({ length: rows }, (_, r) =>
      r % 4 === 3 ? noToken : (r * 3) % tokens.length,
    );
    const embeddings = randomValues(vocabulary * width, 2);
    const ids = rowTokens.map((at) => (at === noToken ? 0 : tokens[at]));
    const expected = gatherEmbedding(embeddings, ids, width);
    rowTokens.forEach((at, r) => {
      if (at === noToken) expected.fill(0, r * width, (r + 1) * width);
    });
    const actual = await runKernel(device, embeddingGather(width), {
      sizes: { rows },
      inputs: { rowTokens, tokens, embeddings },
      outputs: { out: rows * width },
    });
    assertOutputs(actual, { out: expected }, { absolute: 0, relative: 0 });
  });
}

/** A table that comes in parts: each dispatch writes the rows of its own tokens, together they write all. */
const partsCase = kernelCase("embeddingGather: a table in parts", async (device) => {
  const [vocabulary, width, rows] = [13, 3, 40];
  const tokens = randomIntegers(rows, 1, 0, vocabulary);
  const rowTokens = Array.from({ length: rows }, (_, r) => (r % 4 === 3 ? noToken : r));
  const embeddings = randomValues(vocabulary * width, 2);
  let out: ArrayLike<number> = new Float32Array(rows * width).fill(NaN);
  for (const part of [
    { first: 0, rows: 5 },
    { first: 5, rows: 8 },
  ]) {
    const own = embeddings.subarray(part.first * width, (part.first + part.rows) * width);
    const before = out;
    const written = await runKernel(device, embeddingGather(width, part), {
      sizes: { rows },
      inputs: { rowTokens, tokens, embeddings: own },
      outputs: { out: before },
    });
    out = written.out;
    const others = Array.from(tokens, (token, r) => r % 4 !== 3 && token < part.first + part.rows);
    const expected = Array.from(before, (value, i) => {
      const r = Math.floor(i / width);
      if (r % 4 === 3) return 0;
      return others[r] ? embeddings[tokens[r] * width + (i % width)] : value;
    });
    assertOutputs(written, { out: expected }, { absolute: 0, relative: 0 });
  }
});

export const cases: KernelCase[] = [
  partsCase,
  gatherCase(1, 1, 1),
  gatherCase(127, 2, 3),
  ...widths.map((width) => gatherCase(11, 7, width)),
];
