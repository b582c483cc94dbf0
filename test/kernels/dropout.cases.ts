import { dropout, featureDropout, type DropoutOptions } from "../../src/kernels/dropout";
import type { Device } from "../../src/runtime/device";
import { keptFactor } from "../reference/kept";
import { assertEqual, assertTrue } from "../support/assert";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import {
  assertOutputs,
  kernelCase,
  runKernel,
  segmentWordsOf,
  type KernelCase,
  type Values,
} from "./harness";

const seed = 77;

/** @param earlier steps that a piece of the batch has before it */
function dropoutCase(count: number, options: Partial<DropoutOptions>, earlier = 0): KernelCase {
  const full: DropoutOptions = {
    width: 5,
    rate: 0.3,
    stream: 2,
    rows: "same",
    count: "rows",
    first: 0,
    ...options,
  };
  const { width, rate, stream, rows, first } = full;
  const name = `dropout: ${count} ${full.count} of ${width}, rate ${rate}, ${rows} from ${first}, ${earlier} earlier`;
  return kernelCase(name, async (device) => {
    const { segments, rows: stateRows } = segmentWordsOf(
      Array.from({ length: count + first }, (_, i) => (i * 5) % 3),
    );
    const last = rows === "last";
    const rowOf = (r: number): number => segments[(r + first) * 4] + segments[(r + first) * 4 + 1];
    const x = randomValues((last ? stateRows : count) * width, 1);
    const actual = await runKernel(device, dropout(full), {
      sizes: { [full.count]: count, seed, earlier },
      inputs: { x, ...(last ? { segments } : {}) },
      outputs: { out: count * width },
    });
    const out = Float64Array.from({ length: count * width }, (_, at) => {
      const [row, j] = [Math.floor(at / width), at % width];
      return x[(last ? rowOf(row) : row) * width + j] * keptFactor(rate, { seed, stream }, row + earlier, j);
    });
    assertOutputs(actual, { out }, kernelTolerance(1));
  });
}

function featureCase(
  lengths: readonly number[],
  width: number,
  rate: number,
  accumulate: boolean,
): KernelCase {
  const added = accumulate ? ", added" : "";
  const name = `featureDropout: ${lengths.length} segments, ${width} columns, rate ${rate}${added}`;
  return kernelCase(name, async (device) => {
    const stream = 4;
    const { segments, rows } = segmentWordsOf(lengths);
    const x = randomValues(rows * width, 1);
    const held = randomValues(rows * width, 2);
    const actual = await runKernel(device, featureDropout(width, rate, stream, accumulate), {
      sizes: { segments: lengths.length, rows, seed },
      inputs: { segments, x },
      outputs: { out: accumulate ? held : rows * width },
    });
    const sampleOf = lengths.flatMap((steps, i) => new Array<number>(steps + 1).fill(i));
    const out = Float64Array.from(x, (value, at) => {
      const factor = keptFactor(rate, { seed, stream }, sampleOf[Math.floor(at / width)], at % width);
      return value * factor + (accumulate ? held[at] : 0);
    });
    assertOutputs(actual, { out }, kernelTolerance(1));
  });
}

const [rows, width] = [251, 37];

/** What becomes of ones: the factors themselves. */
async function factors(device: Device, rate: number, stream: number, seed: number): Promise<Values> {
  const options = { width, rate, stream, rows: "same", count: "rows", first: 0 } as const;
  const { out } = await runKernel(device, dropout(options), {
    sizes: { rows, seed },
    inputs: { x: new Float32Array(rows * width).fill(1) },
    outputs: { out: rows * width },
  });
  return out;
}

const zeros = (values: Values): number => values.filter((value) => value === 0).length;

function shareCase(rate: number): KernelCase {
  return kernelCase(`dropout: the share of ${rate} is dropped, the rest scaled up`, async (device) => {
    const count = rows * width;
    for (const [stream, drawn] of [
      [1, 0],
      [2, 0],
      [1, 4_000_000_000],
    ]) {
      const values = await factors(device, rate, stream, drawn);
      const sigma = Math.sqrt(count * rate * (1 - rate));
      const off = Math.abs(zeros(values) - count * rate);
      assertTrue(off <= 4 * sigma, `expected ${count * rate} ± ${4 * sigma} dropped, got ${zeros(values)}`);
      const kept = new Set(values.filter((value) => value !== 0));
      assertEqual([...kept], [Math.fround(1 / (1 - rate))], "what is kept is multiplied by");
    }
  });
}

/** Two masks drawn apart agree as often as chance has it. */
const independence = kernelCase(
  "dropout: other seeds and streams draw other masks, the same ones the same",
  async (device) => {
    const [rate, count] = [0.5, rows * width];
    const mask = await factors(device, rate, 1, 1);
    assertEqual([...(await factors(device, rate, 1, 1))], [...mask], "the same once more");
    const others: [stream: number, seed: number][] = [
      [2, 1],
      [1, 2],
      [2, 0],
      [3, 1],
    ];
    for (const [stream, drawn] of others) {
      const other = await factors(device, rate, stream, drawn);
      const equal = mask.filter((value, i) => value === other[i]).length;
      const sigma = Math.sqrt(count / 4);
      const off = Math.abs(equal - count / 2);
      assertTrue(
        off <= 4 * sigma,
        `stream ${stream}, seed ${drawn}: expected half of the mask equal, got ${equal}`,
      );
    }
  },
);

/** Neither rows nor columns nor both together are dropped alike. */
const spread = kernelCase("dropout: every row and every column loses about its share", async (device) => {
  const rate = 0.5;
  const values = await factors(device, rate, 1, 1);
  const check = (name: string, length: number, part: Values): void => {
    const sigma = Math.sqrt(length * rate * (1 - rate));
    const off = Math.abs(zeros(part) - length * rate);
    assertTrue(off <= 5 * sigma, `${name}: expected ${length * rate} dropped, got ${zeros(part)}`);
  };
  for (let row = 0; row < rows; row++)
    check(`row ${row}`, width, values.subarray(row * width, (row + 1) * width));
  for (let j = 0; j < width; j++) {
    check(
      `column ${j}`,
      rows,
      values.filter((_, i) => i % width === j),
    );
  }
});

export const cases: KernelCase[] = [
  dropoutCase(1, { width: 1 }),
  dropoutCase(127, {}),
  dropoutCase(127, {}, 1000),
  dropoutCase(13, { rate: 0 }),
  dropoutCase(5, { rows: "last", count: "samples" }),
  dropoutCase(5, { rows: "last", count: "samples", first: 1 }),
  dropoutCase(5, { rows: "last", count: "samples", rate: 0 }),
  featureCase([1], 1, 0.5, false),
  ...[0, 0.4].flatMap((rate) =>
    [true, false].map((accumulate) => featureCase([4, 0, 1, 2, 37], 3, rate, accumulate)),
  ),
  ...[0.05, 0.5, 0.9].map(shareCase),
  independence,
  spread,
];
