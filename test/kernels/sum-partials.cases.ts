import { sumPartials, sumPartialsSize } from "../../src/kernels/sum-partials";
import { partialLength, sumPartials as twin, type PartialShape } from "../reference/rows";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, invocations, kernelCase, runKernel, type KernelCase } from "./harness";

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
      grid: invocations((rows + 1) * columns, sumPartialsSize),
    });
    assertOutputs(actual, expected, kernelTolerance(chunks));
  });
}

export const cases: KernelCase[] = [
  sumCase(1, { rows: 1, columns: 1, useBias: false }),
  sumCase(2, { rows: 1, columns: 1, useBias: true }),
  sumCase(129, { rows: 5, columns: 7, useBias: true }),
  sumCase(5, { rows: 64, columns: 4, useBias: true }),
  sumCase(17, { rows: 31, columns: 33, useBias: false }),
];
