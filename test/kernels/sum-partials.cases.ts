import { sumPartials, type PartialsTarget } from "../../src/kernels/sum-partials";
import { partialLength, sumPartials as twin, type PartialShape } from "../reference/rows";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";

function sumCase(chunks: number, shape: PartialShape): KernelCase {
  const { rows, columns, useBias } = shape;
  const name = `sumPartials: ${chunks} of [${rows}, ${columns}], ${useBias ? "bias" : "no bias"}`;
  return kernelCase(name, async (device) => {
    const partials = randomValues(chunks * partialLength(shape), 1);
    const { kernel, bias } = twin(partials, shape);
    const expected = { kernel, ...(useBias ? { bias } : {}) };
    const lengths = Object.entries(expected).map(([key, values]) => [key, values.length]);
    const actual = await runKernel(device, sumPartials(rows, columns, useBias, chunks), {
      inputs: { partials },
      outputs: Object.fromEntries(lengths) as Record<string, number>,
    });
    assertOutputs(actual, expected, kernelTolerance(chunks));
  });
}

/** The sums are a part of a wider kernel's columns, and of a longer bias; the others are another's. */
function targetCase(chunks: number, shape: PartialShape, target: PartialsTarget): KernelCase {
  const { rows, columns, useBias } = shape;
  const { stride, first, biasFirst } = target;
  const name = `sumPartials: ${chunks} of [${rows}, ${columns}] into columns ${first} of ${stride}, bias from ${biasFirst}`;
  return kernelCase(name, async (device) => {
    const partials = randomValues(chunks * partialLength(shape), 1);
    const kernel = randomValues(rows * stride, 2);
    const bias = randomValues(biasFirst + columns + 3, 3);
    const sums = twin(partials, shape);
    const expected = { kernel: Float64Array.from(kernel), bias: Float64Array.from(bias) };
    sums.kernel.forEach((sum, i) => {
      expected.kernel[Math.floor(i / columns) * stride + first + (i % columns)] = sum;
    });
    expected.bias.set(sums.bias, biasFirst);
    const outputs = { kernel, ...(useBias ? { bias } : {}) };
    const actual = await runKernel(device, sumPartials(rows, columns, useBias, chunks, target), {
      inputs: { partials },
      outputs,
    });
    const { kernel: sum } = expected;
    assertOutputs(actual, useBias ? expected : { kernel: sum }, kernelTolerance(chunks));
  });
}

export const cases: KernelCase[] = [
  sumCase(1, { rows: 1, columns: 1, useBias: false }),
  sumCase(2, { rows: 1, columns: 1, useBias: true }),
  sumCase(129, { rows: 5, columns: 7, useBias: true }),
  sumCase(5, { rows: 64, columns: 4, useBias: true }),
  sumCase(17, { rows: 31, columns: 33, useBias: false }),
  targetCase(3, { rows: 5, columns: 10, useBias: true }, { stride: 15, first: 0, biasFirst: 15 }),
  targetCase(3, { rows: 5, columns: 5, useBias: true }, { stride: 15, first: 10, biasFirst: 25 }),
  targetCase(17, { rows: 4, columns: 8, useBias: false }, { stride: 12, first: 4, biasFirst: 0 }),
];
