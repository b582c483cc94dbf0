import {
  mergeDirections,
  mergeDirectionsGradient,
  type MergeOptions,
} from "../../src/kernels/merge-directions";
import {
  mergeDirections as twin,
  mergeDirectionsGradient as gradientTwin,
} from "../reference/merge-directions";
import { randomIntegers, randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";

function mergeCase(lengths: readonly number[], options: Partial<MergeOptions>): KernelCase {
  const full: MergeOptions = { units: 3, mode: "concat", sequences: false, masked: false, ...options };
  const { units, mode, sequences, masked } = full;
  const flags = [...(sequences ? ["sequences"] : []), ...(masked ? [`masked by ${masked}`] : [])];
  const name = `mergeDirections: ${[`${lengths.length} samples of ${units}`, mode, ...flags].join(", ")}`;
  return kernelCase(name, async (device) => {
    let [row, begin] = [0, 0];
    const words = lengths.map((steps) => {
      const segment = [row, steps, begin, 0xffff_ffff];
      row += steps + 1;
      begin += steps;
      return segment;
    });
    const segments = Uint32Array.from(words.flat());
    const tokens = Uint32Array.from(randomIntegers(begin + 1, 5, 0, 3));
    const f = randomValues(row * units, 1);
    const b = randomValues(row * units, 2);
    const width = mode === "concat" ? 2 * units : units;
    const count = sequences ? row : lengths.length;
    const dOut = randomValues(count * width, 3);
    const sizes = { samples: lengths.length, segments: lengths.length, rows: row };
    const rows = new Uint32Array(row).fill(1);
    for (const [first, steps, from] of words) {
      for (let t = 0; t < steps; t++) rows[first + 1 + t] = tokens[from + t];
    }
    const masks = { tokens: { tokens }, rows: { mask: rows } };
    const mask: Record<string, Uint32Array> = sequences && masked ? masks[masked] : {};
    const { out } = await runKernel(device, mergeDirections(full), {
      ...{ sizes },
      inputs: { segments, f, b, ...mask },
      outputs: { out: count * width },
    });
    const shape = { ...full, lengths, ...(masked ? { tokens } : {}) };
    assertOutputs({ out }, { out: twin(f, b, shape) }, kernelTolerance(1));
    const factors: Record<string, Float32Array> = mode === "mul" ? { f, b } : {};
    const actual = await runKernel(device, mergeDirectionsGradient(full), {
      ...{ sizes },
      inputs: { segments, dOut, ...mask, ...factors },
      outputs: { df: count * units, db: count * units },
    });
    assertOutputs(actual, gradientTwin(dOut, f, b, shape), kernelTolerance(1));
  });
}

const ragged = [4, 1, 0, 2, 37];
const modes = ["concat", "sum", "mul", "ave"] as const;

export const cases: KernelCase[] = [
  mergeCase([1], { units: 1 }),
  mergeCase(new Array<number>(127).fill(2), { units: 5, sequences: true }),
  ...modes.flatMap((mode) => [
    mergeCase(ragged, { mode }),
    mergeCase(ragged, { mode, sequences: true }),
    mergeCase(ragged, { mode, sequences: true, masked: "tokens" }),
    mergeCase(ragged, { mode, sequences: true, masked: "rows" }),
    mergeCase(ragged, { mode, masked: "tokens" }),
  ]),
];
