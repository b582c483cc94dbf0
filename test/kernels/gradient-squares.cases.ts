import { gradientSquares } from "../../src/kernels/gradient-squares";
import { sumRows } from "../reference/rows";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";

const lengths = [1, 3, 64, 255, 256, 257, 1031];

const squaresCase = (add: boolean): KernelCase =>
  kernelCase(
    `gradientSquares: ${add ? "adds those of " : ""}variables of ${lengths.join(", ")}`,
    async (device) => {
      let end = 0;
      const ranges = lengths.map((length) => {
        const begin = end;
        end = begin + Math.ceil(length / 64) * 64;
        return [begin, length] as const;
      });
      // What lies between the variables must not be counted.
      const gradients = randomValues(end, 1).fill(NaN, 1, 64);
      const squares = ranges.map(([begin, length]) => {
        const own = gradients.subarray(begin, begin + length);
        return sumRows(
          Float64Array.from(own, (g) => g * g),
          1,
        )[0];
      });
      const before = lengths.map((_, i) => i);
      const actual = await runKernel(device, gradientSquares(lengths.length, add), {
        inputs: { ranges: ranges.flat(), gradients },
        outputs: { squares: before },
      });
      const expected = squares.map((sum, i) => (add ? before[i] + sum : sum));
      assertOutputs(actual, { squares: expected }, kernelTolerance(5));
    },
  );

export const cases: KernelCase[] = [squaresCase(false), squaresCase(true)];
