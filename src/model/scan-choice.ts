import { simpleRnnCell } from "../kernels/cells/simple-rnn";
import { maxNarrowUnits, type ScanOptions, type ScanShape } from "../kernels/scan";
import { scanForwardNarrow } from "../kernels/scan-forward-narrow";
import { scanForwardWide } from "../kernels/scan-forward-wide";
import { narrowSize } from "../kernels/shared/narrow";
import { noOrigin, packStep, segmentWords, stepWords } from "../kernels/shared/step";
import { Arena, write } from "../runtime/arena";
import type { Device } from "../runtime/device";
import { describe, InvalidInputError } from "../runtime/errors";
import { Program } from "../runtime/program";
import type { Architecture } from "./architecture";

const samples = 64;
const steps = 64;
const rounds = 3;

/** Milliseconds within which a GPU does the measured batch in the wide shape: about 20 µs a step. */
const fastEnough = 1.5;

/**
 * Which shape of the scan is faster on this device for the widest recurrent layer: measured once, then remembered.
 * The narrow shape serves adapters on which a barrier is dear, the wide one those with many lanes.
 */
export async function chooseScanShape(
  device: Device,
  { layers }: Architecture,
  wanted: ScanShape | undefined,
): Promise<ScanShape> {
  const units = Math.max(
    0,
    ...layers.map(({ config }) => (config.className === "SimpleRNN" ? config.units : 0)),
  );
  if (wanted === "narrow" && units > maxNarrowUnits) {
    throw new InvalidInputError(
      describe("compile", `scan "wide" for more than ${maxNarrowUnits} units`, `"narrow"`, "leave scan out"),
    );
  }
  if (wanted) return wanted;
  if (units === 0 || units > maxNarrowUnits) return "wide";
  return device.cached(`scan shape for ${units} units`, async () => {
    const wide = await timeOf(device, units, "wide");
    // The narrow shape's long unrolled text takes some drivers seconds to compile: not where it cannot win.
    if (!device.software && wide < fastEnough) return "wide";
    const narrow = await timeOf(device, units, "narrow");
    return narrow < wide ? "narrow" : "wide";
  });
}

/** Milliseconds of a forward scan over a small batch, the least of a few rounds. */
async function timeOf(device: Device, units: number, shape: ScanShape): Promise<number> {
  const arena = new Arena(device, "scan choice");
  try {
    const options: ScanOptions = {
      units,
      cell: simpleRnnCell("tanh"),
      source: "rows",
      masked: false,
      reverse: false,
      part: "all",
    };
    const rows = samples * (steps + 1);
    const tensors = {
      step: arena.tensor("step", [stepWords], "u32"),
      segments: arena.tensor("segments", [samples, segmentWords], "u32"),
      projected: arena.tensor("projected", [rows, units]),
      recurrentKernel: arena.tensor("recurrentKernel", [units, units]),
      h: arena.tensor("h", [rows, units]),
    };
    const sizes = {
      samples,
      segments: samples,
      rows,
      distinct: 0,
      tasks: 0,
      outputs: samples,
      metric: 0,
      rate: 0,
      learningRate: 0,
    };
    const step = new Uint32Array(stepWords);
    packStep(sizes, step);
    write(device, tensors.step, step);
    const segments = Array.from({ length: samples }, (_, i) => [i * (steps + 1), steps, 0, noOrigin]);
    write(device, tensors.segments, Uint32Array.from(segments.flat()));
    const program = new Program<typeof sizes>(device, `scan ${shape}`).dispatch(
      shape === "wide" ? scanForwardWide(options) : scanForwardNarrow(options),
      tensors,
      () => [shape === "wide" ? samples : Math.ceil(samples / narrowSize)],
    );
    await program.ready();
    let least = Infinity;
    for (let round = 0; round <= rounds; round++) {
      const begin = performance.now();
      program.run(sizes);
      await device.idle();
      // The first round may still be compiling.
      if (round > 0) least = Math.min(least, performance.now() - begin);
    }
    return least;
  } finally {
    arena.dispose();
  }
}
