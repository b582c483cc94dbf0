import { carryState } from "../../src/kernels/carry-state";
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

export const cases: KernelCase[] = [true, false].flatMap((memory) => [
  carryCase([1], 1, memory),
  carryCase([4, 0, 1, 2, 37], 3, memory),
  carryCase([5, 4, 0, 1, 37], 3, memory, 1),
  carryCase(
    Array.from({ length: 127 }, (_, i) => i % 5),
    5,
    memory,
  ),
]);
