import { embeddingGather, embeddingGatherSize } from "../../src/kernels/embedding-gather";
import { gatherEmbedding } from "../reference/embedding";
import { randomIntegers, randomValues } from "../support/random";
import { assertOutputs, invocations, kernelCase, runKernel, type KernelCase } from "./harness";
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
      grid: invocations(rows * width, embeddingGatherSize),
    });
    assertOutputs(actual, { out: expected }, { absolute: 0, relative: 0 });
  });
}

export const cases: KernelCase[] = [
  gatherCase(1, 1, 1),
  gatherCase(127, 2, 3),
  ...widths.map((width) => gatherCase(11, 7, width)),
];
