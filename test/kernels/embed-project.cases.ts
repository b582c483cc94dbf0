import { embedProject } from "../../src/kernels/embed-project";
import { embedProjectNarrow } from "../../src/kernels/embed-project-narrow";
import type { ScanShape } from "../../src/kernels/scan";
import { denseForward } from "../reference/dense";
import { gatherEmbedding } from "../reference/embedding";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";
import { narrowWidths, widths } from "./sizes";
import { staleSlots, tokenGroups } from "./token-groups";

function projectCase(
  shape: ScanShape,
  distinct: number,
  width: number,
  columns: number,
  useBias: boolean,
): KernelCase {
  const name = `embedProject, ${shape}: ${distinct} tokens, E ${width}, ${columns} columns, ${useBias ? "bias" : "no bias"}`;
  return kernelCase(name, async (device) => {
    const vocabulary = 2 * distinct + 1;
    const counts = Array.from({ length: distinct }, (_, d) => 1 + (d % 3) * 70);
    const { tokens, groupTasks, taskTokens, slots } = tokenGroups(counts, vocabulary, 1);
    const embeddings = randomValues(vocabulary * width, 2);
    const kernel = randomValues(width * columns, 3);
    const bias = randomValues(columns, 4);
    const narrow = shape === "narrow";
    const declaration = (narrow ? embedProjectNarrow : embedProject)(width, columns, useBias);
    const actual = await runKernel(device, declaration, {
      sizes: { distinct },
      inputs: { groupTasks, taskTokens, embeddings, kernel, ...(useBias ? { bias } : {}) },
      outputs: { projected: distinct * columns, slots: staleSlots(tokens, vocabulary) },
    });
    const x = gatherEmbedding(embeddings, tokens, width);
    const sizes = { rows: distinct, inputs: width, units: columns };
    const projected = denseForward(x, kernel, useBias ? bias : undefined, sizes);
    assertOutputs(actual, { projected, slots }, kernelTolerance(width));
  });
}

const casesOf = (shape: ScanShape, sizes: readonly number[]): KernelCase[] => [
  projectCase(shape, 1, 1, 1, true),
  ...sizes.map((width, i) => projectCase(shape, 7, width, sizes[(i + 4) % sizes.length], true)),
  projectCase(shape, 127, 5, 7, false),
  projectCase(shape, 129, 4, 8, true),
];

export const cases: KernelCase[] = [
  ...casesOf("wide", widths),
  ...casesOf("narrow", narrowWidths),
  // Wide kernels are taken in parts of their columns.
  projectCase("narrow", 300, 32, 128, true),
  projectCase("narrow", 40, 7, 80, false),
];
