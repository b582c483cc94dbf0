import { windowRows, windowRowsGradient } from "../../src/kernels/window-rows";
import { conv1dBackward, conv1dForward, type WindowShape } from "../reference/windows";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";
import { windowLayout, windowName, windowShapes, withRowBefore } from "./window-data";

/** A convolution with this kernel gives the windows themselves: filter f takes element f of a window. */
function identity(length: number): Float64Array {
  return Float64Array.from({ length: length * length }, (_, i) => (i % (length + 1) === 0 ? 1 : 0));
}

function windowRowsCases(shape: WindowShape): KernelCase[] {
  const { batch, steps, width, size } = shape;
  const columns = size * width;
  const { count, sequence, windows } = windowLayout(shape);
  const x = randomValues(batch * steps * width, 1);
  return [
    kernelCase(`windowRows: ${windowName(shape)}`, async (device) => {
      const expected = conv1dForward(x, identity(columns), undefined, columns, shape);
      const actual = await runKernel(device, windowRows(shape), {
        sizes: windows.sizes,
        inputs: { segments: sequence.segments, x: withRowBefore(x, steps, width, 7) },
        outputs: { out: windows.rows * columns },
      });
      assertOutputs(actual, { out: withRowBefore(expected, count, columns, 0) }, kernelTolerance(1));
    }),
    kernelCase(`windowRowsGradient: ${windowName(shape)}`, async (device) => {
      const dOut = randomValues(batch * count * columns, 2);
      const { dX } = conv1dBackward(dOut, x, identity(columns), columns, shape);
      const actual = await runKernel(device, windowRowsGradient(shape), {
        sizes: sequence.sizes,
        inputs: { windows: windows.segments, dOut: withRowBefore(dOut, count, columns, 7) },
        outputs: { dx: sequence.rows * width },
      });
      assertOutputs(actual, { dx: withRowBefore(dX, steps, width, 0) }, kernelTolerance(size));
    }),
  ];
}

const causal: WindowShape[] = [
  { batch: 3, steps: 7, width: 5, size: 3, strides: 1, padding: "causal" },
  { batch: 2, steps: 9, width: 4, size: 4, strides: 2, padding: "causal" },
  { batch: 2, steps: 3, width: 3, size: 7, strides: 1, padding: "causal" },
];

export const cases: KernelCase[] = [...windowShapes, ...causal].flatMap(windowRowsCases);
