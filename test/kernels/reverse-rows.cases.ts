import { reverseRows } from "../../src/kernels/reverse-rows";
import { reverseRows as twin } from "../reference/rows";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, segmentWordsOf, type KernelCase } from "./harness";

function reverseCase(lengths: number[], columns: number): KernelCase {
  return kernelCase(`reverseRows: ${lengths.length} segments, ${columns} columns`, async (device) => {
    const { segments, rows } = segmentWordsOf(lengths);
    const x = randomValues(rows * columns, 1);
    const actual = await runKernel(device, reverseRows(columns), {
      sizes: { segments: lengths.length, samples: lengths.length, rows },
      inputs: { segments, x },
      outputs: { out: rows * columns },
    });
    assertOutputs(actual, { out: twin(x, lengths, columns) }, kernelTolerance(1));
  });
}

export const cases: KernelCase[] = [
  reverseCase([1], 1),
  reverseCase([4, 0, 1, 2, 37], 3),
  reverseCase(
    Array.from({ length: 127 }, () => 2),
    5,
  ),
];
