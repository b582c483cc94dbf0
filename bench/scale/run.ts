import { type Device } from "webgpu-rnn";
import { watchGpu } from "../gpu-watch";
import type { Cell } from "../job";
import { fitCostModel, type CostModel } from "./cost-model";
import { measurePoint, type Measurement } from "./measure";
import {
  recurrentWork,
  rowKinds,
  sizesWithin,
  type CurveName,
  type Limits,
  type RowKind,
  type ScalePlan,
  type ScaleSizes,
} from "./points";

/** A point of a curve. */
export interface ScalePoint {
  curve: CurveName;
  rows: RowKind;
  /** The sizes that were measured: smaller in T or B than the curve's others where those would not fit. */
  sizes: ScaleSizes;
  /** Missing where it could not be measured. */
  measured?: Measurement;
  /** Why it could not. */
  note?: string;
}

/** All curves, and the models of cost that were fitted to them. */
export interface Scale {
  cell: Cell;
  seed: ScaleSizes;
  points: ScalePoint[];
  models: { train: CostModel; forward: CostModel };
}

/** Of the seconds that a point may take, so many steps must fit in: warm-up, the pilot, and three that count. */
const stepsPerPoint = 6;
/** A larger net may be slower per product than the one before, by how much is not known before it is measured. */
const reserve = 1.5;

/** A point that took so many times as long as it should is not tried on other rows. */
const mostOverrun = 2;

/** Measures all points of a plan, in Node or in a page; what does not fit stands in the result with a note. */
export async function measureScale(
  device: Device,
  cell: Cell,
  plan: ScalePlan,
  say: (line: string) => void,
): Promise<Scale> {
  watchGpu();
  const end = performance.now() + plan.total * 1000;
  const known = new Map<string, Measurement>();
  const measure = async (kind: RowKind, sizes: ScaleSizes): Promise<Measurement> => {
    const key = JSON.stringify([kind, sizes]);
    if (!known.has(key) && performance.now() > end) {
      throw new Error(`not begun: the run had taken ${plan.total} s`);
    }
    const measured = known.get(key) ?? (await measurePoint(device, cell, kind, sizes, plan));
    known.set(key, measured);
    return measured;
  };
  const seedTime = (await measure("random", plan.seed)).train.median;
  const points: ScalePoint[] = [];
  for (const curve of Object.keys(plan.curves) as CurveName[]) {
    // What the last point took tells what the next will take, better than the seed does: other shapes of the time
    // loop have other paces.
    let limits = limitsFrom(device, plan, plan.seed, seedTime);
    for (const value of plan.curves[curve]) {
      const sizes = sizesWithin(curve, value, plan.seed, limits);
      let late: string | undefined;
      for (const rows of rowKinds) {
        const begin = performance.now();
        const point: ScalePoint = late
          ? { curve, rows, sizes, note: late }
          : await attempt({ curve, rows, sizes }, measure);
        const seconds = (performance.now() - begin) / 1000;
        if (seconds > mostOverrun * plan.seconds)
          late = `not begun: random rows took ${seconds.toFixed(0)} s`;
        points.push(point);
        say(lineOf(point));
        if (rows === "random" && point.measured) {
          limits = limitsFrom(device, plan, sizes, point.measured.train.median);
        }
      }
    }
  }
  return { cell, seed: plan.seed, points, models: modelsOf(points) };
}

function lineOf({ sizes, rows, measured, note }: ScalePoint): string {
  const { vocabulary, units, batchSize, steps } = sizes;
  const times =
    measured && `${measured.train.median.toFixed(1)} ms, forward ${measured.forward.median.toFixed(1)}`;
  return `V ${vocabulary}, U ${units}, B ${batchSize}, T ${steps}, ${rows}: ${times ?? note}`;
}

async function attempt(
  point: ScalePoint,
  measure: (kind: RowKind, sizes: ScaleSizes) => Promise<Measurement>,
): Promise<ScalePoint> {
  try {
    return { ...point, measured: await measure(point.rows, point.sizes) };
  } catch (error) {
    return { ...point, note: error instanceof Error ? error.message : String(error) };
  }
}

/** @param milliseconds what a training step of these sizes took */
function limitsFrom(device: Device, { seconds }: ScalePlan, sizes: ScaleSizes, milliseconds: number): Limits {
  const rate = recurrentWork(sizes) / milliseconds;
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
  return {
    work: (rate * seconds * 1000) / (stepsPerPoint * reserve),
    states: Math.min(maxStorageBufferBindingSize, maxBufferSize) / Float32Array.BYTES_PER_ELEMENT,
  };
}

function modelsOf(points: readonly ScalePoint[]): Scale["models"] {
  const measured = points.flatMap(({ sizes, measured }) => (measured ? [{ sizes, ...measured }] : []));
  const model = (which: "train" | "forward"): CostModel =>
    fitCostModel(
      which,
      measured,
      measured.map((point) => point[which].median),
    );
  return { train: model("train"), forward: model("forward") };
}
