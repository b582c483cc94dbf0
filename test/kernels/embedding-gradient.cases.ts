import { embeddingGradient, type EmbeddingGradientOptions } from "../../src/kernels/embedding-gradient";
import { embeddingGradientNarrow } from "../../src/kernels/embedding-gradient-narrow";
import { narrowLanes } from "../../src/kernels/shared/narrow";
import { denseBackward } from "../reference/dense";
import { embeddingGradient as twin, gatherEmbedding } from "../reference/embedding";
import { partialLength, sumPartials } from "../reference/rows";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";
import { narrowWidths, widths } from "./sizes";
import { tokenGroups } from "./token-groups";

function gradientCase(
  counts: readonly number[],
  { vocabulary, ...options }: EmbeddingGradientOptions & { vocabulary: number },
): KernelCase {
  const { width, columns, projected } = options;
  const name = `embeddingGradient: ${counts.length} tokens of ${vocabulary}, E ${width}, ${projected ? `through ${columns} columns` : "as it is"}`;
  return kernelCase(name, async (device) => {
    const { groupTasks, taskTokens } = tokenGroups(counts, vocabulary, 1);
    const tasks = taskTokens.length;
    const sums = randomValues(tasks * columns, 2);
    const kernel = randomValues(width * columns, 3);
    const shape = { rows: tasks, inputs: width, units: columns };
    const perTask = projected ? denseBackward(sums, new Float32Array(tasks * width), kernel, shape).dX : sums;
    const actual = await runKernel(device, embeddingGradient(options), {
      sizes: { distinct: counts.length },
      inputs: { groupTasks, taskTokens, sums, ...(projected ? { kernel } : {}) },
      outputs: { dEmbeddings: vocabulary * width },
    });
    const dEmbeddings = onlyRows(twin(perTask, taskTokens, vocabulary, width), taskTokens, width);
    assertOutputs(actual, { dEmbeddings }, kernelTolerance(3 * columns));
  });
}

/** What the kernel leaves alone stays NaN, as the outputs began: the rows of tokens outside the batch. */
function onlyRows(table: ArrayLike<number>, tokens: ArrayLike<number>, width: number): number[] {
  const present = new Set(Array.from(tokens));
  return Array.from(table, (value, i) => (present.has(Math.floor(i / width)) ? value : NaN));
}

/** A table that comes in parts: the rows of its own tokens are written in each. */
const partsCase = kernelCase("embeddingGradient: a table in parts", async (device) => {
  const [vocabulary, width] = [13, 5];
  const { groupTasks, taskTokens } = tokenGroups([1, 200, 3, 2, 7], vocabulary, 1);
  const sums = randomValues(taskTokens.length * width, 2);
  const whole = onlyRows(twin(sums, taskTokens, vocabulary, width), taskTokens, width);
  for (const part of [
    { first: 0, rows: 5 },
    { first: 5, rows: 8 },
  ]) {
    const actual = await runKernel(
      device,
      embeddingGradient({ width, columns: width, projected: false, part }),
      {
        sizes: { distinct: 5 },
        inputs: { groupTasks, taskTokens, sums },
        outputs: { dEmbeddings: part.rows * width },
      },
    );
    const own = whole.slice(part.first * width, (part.first + part.rows) * width);
    assertOutputs(actual, { dEmbeddings: own }, kernelTolerance(4));
  }
});

/** The narrow shape gives the input kernel's gradient, too. */
function narrowCase(
  vocabulary: number,
  width: number,
  columns: number,
  useBias: boolean,
  table = true,
): KernelCase {
  const name = `embeddingGradient, narrow: V ${vocabulary}, E ${width}, through ${columns} columns, ${useBias ? "bias" : "no bias"}${table ? "" : ", table frozen"}`;
  return kernelCase(name, async (device) => {
    const counts = [1, 200, 3].slice(0, vocabulary);
    const { groupTasks, taskTokens } = tokenGroups(counts, vocabulary, 1);
    const tasks = taskTokens.length;
    const sums = randomValues(tasks * columns, 2);
    const kernel = randomValues(width * columns, 3);
    const embeddings = randomValues(vocabulary * width, 4);
    const rows = gatherEmbedding(embeddings, taskTokens, width);
    const shape = { rows: tasks, inputs: width, units: columns };
    const { dX, dKernel, dBias } = denseBackward(sums, rows, kernel, shape);
    const partialShape = { rows: width, columns, useBias };
    const options = { width, columns, useBias, table };
    const { dEmbeddings = new Float32Array(0), partials } = await runKernel(
      device,
      embeddingGradientNarrow(options),
      {
        sizes: { distinct: counts.length },
        inputs: { groupTasks, taskTokens, sums, embeddings, ...(table ? { kernel } : {}) },
        outputs: {
          ...(table ? { dEmbeddings: vocabulary * width } : {}),
          partials: narrowLanes * partialLength(partialShape),
        },
      },
    );
    const total = sumPartials(partials, partialShape);
    const actual = {
      dEmbeddings,
      dKernel: Float32Array.from(total.kernel),
      dBias: Float32Array.from(total.bias),
    };
    const expected = {
      dEmbeddings: table ? onlyRows(twin(dX, taskTokens, vocabulary, width), taskTokens, width) : [],
      dKernel,
      dBias: useBias ? dBias : [],
    };
    assertOutputs(actual, expected, kernelTolerance(3 * columns));
  });
}

export const cases: KernelCase[] = [
  partsCase,
  gradientCase([1], { vocabulary: 1, width: 1, columns: 1, projected: true }),
  gradientCase([1, 200, 3], { vocabulary: 127, width: 5, columns: 7, projected: true }),
  gradientCase([1, 200, 3], { vocabulary: 127, width: 5, columns: 5, projected: false }),
  ...widths.map((width, i) =>
    gradientCase([65, 2], {
      vocabulary: 13,
      width,
      columns: widths[(i + 3) % widths.length],
      projected: true,
    }),
  ),
  narrowCase(1, 1, 1, true),
  narrowCase(300, 5, 7, false),
  // Wide kernels are taken in parts of their columns.
  narrowCase(200, 32, 128, true),
  narrowCase(40, 7, 80, false),
  // Of a frozen table.
  narrowCase(13, 5, 7, true, false),
  narrowCase(200, 32, 128, true, false),
  ...narrowWidths.map((width, i) => narrowCase(13, width, narrowWidths[(i + 3) % narrowWidths.length], true)),
];
