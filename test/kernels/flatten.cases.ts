import { flatten, flattenGradient } from "../../src/kernels/flatten";
import { runFlatten } from "../reference/sequence-layers";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, segmentWordsOf, type KernelCase } from "./harness";

function flattenCase(batch: number, steps: number, width: number): KernelCase {
  return kernelCase(`flatten: ${batch} × ${steps} steps of ${width}`, async (device) => {
    const { segments, rows } = segmentWordsOf(Array.from({ length: batch }, () => steps));
    const data = Float64Array.from(randomValues(batch * steps * width, 1));
    const twin = runFlatten({ data, batch, steps, width });
    const spread = (values: Float64Array, before: number): Float32Array => {
      const into = new Float32Array(rows * width).fill(before);
      for (let b = 0; b < batch; b++) {
        const sample = values.subarray(b * steps * width, (b + 1) * steps * width);
        into.set(sample, (b * (steps + 1) + 1) * width);
      }
      return into;
    };
    const sizes = { samples: batch, segments: batch, steps, rows };
    const forward = await runKernel(device, flatten(width, steps), {
      sizes,
      inputs: { segments, x: spread(data, 7) },
      outputs: { out: batch * steps * width },
    });
    assertOutputs(forward, { out: twin.output.data }, kernelTolerance(0));
    const dOut = randomValues(batch * steps * width, 2);
    const backward = await runKernel(device, flattenGradient(width, steps), {
      sizes,
      inputs: { dOut },
      outputs: { dx: rows * width },
    });
    const { dInput } = twin.backward(Float64Array.from(dOut), false);
    assertOutputs(backward, { dx: spread(dInput, 0) }, kernelTolerance(0));
  });
}

export const cases: KernelCase[] = [
  flattenCase(1, 1, 1),
  flattenCase(5, 7, 3),
  flattenCase(127, 2, 33),
  flattenCase(3, 37, 4),
];
