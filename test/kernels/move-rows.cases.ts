import { moveRows, packMove, type Move } from "../../src/kernels/move-rows";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";

function moveCase(width: number, move: Move, add: boolean): KernelCase {
  const { first, place, count } = move;
  const name = `moveRows: ${count} rows of ${width} from ${first} to ${place}, ${add ? "added" : "copied"}`;
  return kernelCase(name, async (device) => {
    // More than move, before and behind.
    const x = randomValues((first + count + 2) * width, 1);
    const there = randomValues((place + count + 3) * width, 2);
    const actual = await runKernel(device, moveRows(width, add, count), {
      inputs: { rows: packMove(move), x },
      outputs: { out: there },
    });
    const out = Float64Array.from(there);
    for (let i = 0; i < count * width; i++) {
      out[place * width + i] = x[first * width + i] + (add ? there[place * width + i] : 0);
    }
    assertOutputs(actual, { out }, kernelTolerance(1));
  });
}

export const cases: KernelCase[] = [false, true].flatMap((add) => [
  moveCase(1, { first: 0, place: 0, count: 1 }, add),
  moveCase(5, { first: 3, place: 1, count: 31 }, add),
  moveCase(64, { first: 1, place: 7, count: 2 }, add),
  moveCase(33, { first: 0, place: 12, count: 127 }, add),
]);
