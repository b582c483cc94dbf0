import { sumMetrics } from "../../src/kernels/sum-metrics";
import { sumRows } from "../reference/rows";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";

function sumCase(outputs: number): KernelCase {
  return kernelCase(`sumMetrics: ${outputs} rows`, async (device) => {
    const rowMetrics = randomValues(outputs * 4, 1);
    const metrics = randomValues(5 * 4, 2);
    const actual = await runKernel(device, sumMetrics(), {
      sizes: { outputs, metric: 3 },
      inputs: { rowMetrics },
      outputs: { metrics },
    });
    const expected = Float64Array.from(metrics);
    expected.set(sumRows(rowMetrics, 4), 12);
    assertOutputs(actual, { metrics: expected }, kernelTolerance(outputs));
  });
}

export const cases: KernelCase[] = [1, 2, 127, 255, 256, 257, 1031].map(sumCase);
