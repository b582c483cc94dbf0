import { carryState, replaceStates } from "../../src/kernels/carry-state";
import { carriedStates } from "../reference/rows";
import { randomValues } from "../support/random";
import { assertOutputs, kernelCase, runKernel, segmentWordsOf, type KernelCase } from "./harness";

/** Copies are exact. */
const exact = { absolute: 0, relative: 0 };

/** @param first segments before the samples */
function carryCase(lengths: readonly number[], units: number, memory: boolean, first = 0): KernelCase {
  const name = `carryState: ${lengths.length} samples, ${units} units, ${memory ? "h and c" : "h"}, first ${first}`;
  return kernelCase(name, async (device) => {
    const { segments, rows } = segmentWordsOf(lengths);
    const samples = lengths.length - first;
    const sizes = { samples, segments: lengths.length, rows };
    const h = randomValues(rows * units, 1);
    const c = randomValues(rows * units, 2);
    const width = memory ? 2 * units : units;
    const { carried } = await runKernel(device, carryState({ units, memory, save: true, first }), {
      ...{ sizes },
      inputs: { segments, h, ...(memory ? { c } : {}) },
      outputs: { carried: samples * width },
    });
    const twin = carriedStates({ h, ...(memory ? { c } : {}) }, lengths, units);
    assertOutputs({ carried }, { carried: twin.carried.subarray(first * width) }, exact);
    if (first > 0) return;
    const restored = await runKernel(device, carryState({ units, memory, save: false, first: 0 }), {
      ...{ sizes },
      inputs: { segments, carried },
      outputs: { h, ...(memory ? { c } : {}) },
    });
    assertOutputs(restored, { h: twin.h, ...(memory ? { c: twin.c } : {}) }, exact);
  });
}

/** A part of a batch: its samples' rows lie behind those of the parts before it. */
const partCase = kernelCase("carryState: samples that three others come before", async (device) => {
  const [units, before] = [3, 3];
  const { segments, rows } = segmentWordsOf([4, 1]);
  const sizes = { samples: 2, segments: 2, rows, before };
  const options = { units, memory: false, first: 0 };
  const h = randomValues(rows * units, 1);
  const held = randomValues(6 * units, 2);
  const { carried } = await runKernel(device, carryState({ ...options, save: true }), {
    sizes,
    inputs: { segments, h },
    outputs: { carried: held },
  });
  const saved = held.slice();
  saved.set(h.subarray(4 * units, 5 * units), before * units);
  saved.set(h.subarray(6 * units), (before + 1) * units);
  assertOutputs({ carried }, { carried: Float64Array.from(saved) }, exact);
  const restored = await runKernel(device, carryState({ ...options, save: false }), {
    sizes,
    inputs: { segments, carried: held },
    outputs: { h },
  });
  const begun = h.slice();
  begun.set(held.subarray(before * units, (before + 1) * units));
  begun.set(held.subarray((before + 1) * units, (before + 2) * units), 5 * units);
  assertOutputs(restored, { h: Float64Array.from(begun) }, exact);
});

/** Of as many samples as the last part of a batch has, and those before it. */
function replaceCase(width: number, rows: number, before: number, samples: number): KernelCase {
  return kernelCase(`replaceStates: ${before + samples} of ${rows} rows of ${width}`, async (device) => {
    const left = randomValues(rows * width, 1);
    const held = randomValues(rows * width, 2);
    const actual = await runKernel(device, replaceStates(width, rows), {
      sizes: { before, samples },
      inputs: { left },
      outputs: { carried: held },
    });
    const carried = Float64Array.from(held, (value, i) => (i < (before + samples) * width ? left[i] : value));
    assertOutputs(actual, { carried }, exact);
  });
}

export const cases: KernelCase[] = [true, false]
  .flatMap((memory) => [
    carryCase([1], 1, memory),
    carryCase([4, 0, 1, 2, 37], 3, memory),
    carryCase([5, 4, 0, 1, 37], 3, memory, 1),
    carryCase(
      Array.from({ length: 127 }, (_, i) => i % 5),
      5,
      memory,
    ),
  ])
  .concat(partCase, replaceCase(1, 1, 0, 1), replaceCase(5, 37, 31, 4), replaceCase(6, 64, 32, 32));
