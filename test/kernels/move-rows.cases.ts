import { moveRows, packMove, type Move } from "../../src/kernels/move-rows";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";

function moveCase(samples: number, width: number, move: Move, add: boolean): KernelCase {
  const { from, to, count } = move;
  const of = `${samples} × ${count} rows of ${width}`;
  const [there, here] = [from, to].map(({ first, apart }) => `${first} and ${apart} apart`);
  return kernelCase(
    `moveRows: ${of} from ${there} to ${here}, ${add ? "added" : "copied"}`,
    async (device) => {
      // More than move, behind them as well.
      const rowsOf = ({ first, apart }: Move["from"]): number => first + samples * apart + count + 2;
      const x = randomValues(rowsOf(from) * width, 1);
      const held = randomValues(rowsOf(to) * width, 2);
      const actual = await runKernel(device, moveRows(width, add, count), {
        sizes: { samples },
        inputs: { rows: packMove(move), x },
        outputs: { out: held },
      });
      const out = Float64Array.from(held);
      for (let b = 0; b < samples; b++) {
        for (let i = 0; i < count * width; i++) {
          const at = (to.first + b * to.apart) * width + i;
          out[at] = x[(from.first + b * from.apart) * width + i] + (add ? held[at] : 0);
        }
      }
      assertOutputs(actual, { out }, kernelTolerance(1));
    },
  );
}

const one = (first: number): Move["from"] => ({ first, apart: 0 });

export const cases: KernelCase[] = [false, true].flatMap((add) => [
  moveCase(1, 1, { from: one(0), to: one(0), count: 1 }, add),
  moveCase(1, 5, { from: one(3), to: one(1), count: 31 }, add),
  moveCase(1, 64, { from: one(1), to: one(7), count: 2 }, add),
  moveCase(1, 33, { from: one(0), to: one(12), count: 127 }, add),
  // Flattened, and back.
  moveCase(5, 3, { from: { first: 1, apart: 8 }, to: { first: 0, apart: 7 }, count: 7 }, add),
  moveCase(127, 33, { from: { first: 0, apart: 2 }, to: { first: 1, apart: 3 }, count: 2 }, add),
]);
