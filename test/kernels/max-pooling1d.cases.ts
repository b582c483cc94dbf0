import { maxPooling1d, maxPooling1dGradient } from "../../src/kernels/max-pooling1d";
import { maxPooling1dBackward, maxPooling1dForward, type WindowShape } from "../reference/windows";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";
import { windowLayout, windowName, windowShapes, withRowBefore } from "./window-data";

function maxPoolingCase(shape: WindowShape): KernelCase {
  const { batch, steps, width, size } = shape;
  return kernelCase(`maxPooling1d: ${windowName(shape)}`, async (device) => {
    const { count, sequence, windows } = windowLayout(shape);
    // Few different values, so that some windows have their largest value twice.
    const x = randomValues(batch * steps * width, 1).map((value) => Math.round(value * 3) - 9);
    const { values, at } = maxPooling1dForward(x, shape);
    const forward = await runKernel(device, maxPooling1d(shape, true), {
      sizes: windows.sizes,
      inputs: { segments: sequence.segments, x: withRowBefore(x, steps, width, 7) },
      // Nothing is known of the places in rows before a first window; they keep what they had.
      outputs: {
        out: windows.rows * width,
        places: new Uint32Array(windows.rows * width).fill(5),
      },
    });
    const places = withRowBefore(Float32Array.from(at), count, width, 5);
    assertOutputs(forward, { out: withRowBefore(values, count, width, 0), places }, kernelTolerance(1));
    const dOut = randomValues(values.length, 2);
    const backward = await runKernel(device, maxPooling1dGradient(shape), {
      sizes: sequence.sizes,
      inputs: {
        windows: windows.segments,
        places: Uint32Array.from(places),
        dOut: withRowBefore(dOut, count, width, 7),
      },
      outputs: { dx: sequence.rows * width },
    });
    const dx = withRowBefore(maxPooling1dBackward(dOut, at, shape), steps, width, 0);
    assertOutputs(backward, { dx }, kernelTolerance(size));
  });
}

export const cases: KernelCase[] = windowShapes.map(maxPoolingCase);
