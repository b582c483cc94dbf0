import fc from "fast-check";
import { expect, vi } from "vitest";
import { WebGpuRnnError } from "../../src/runtime/errors";

/** Milliseconds of computing that one input may take; a busy machine does not change it. */
const longest = 1000;
/** MiB by which the process may grow over all inputs of a parser: some hundred times what the inputs measure. */
const mostMemory = 400;

/** What came of the inputs of one parser. */
export interface Outcome {
  /** Refused with one of the library's own errors. */
  refused: number;
  /** Read in spite of all. */
  read: number;
}

/**
 * Gives inputs to a parser. Each must be read, or refused with one of the library's named errors of the usual
 * form, in time; the process must not grow.
 *
 * @param read whatever it gives back has been read; what it throws besides named errors fails the test
 */
export async function fuzz<Input>(
  name: string,
  runs: number,
  inputs: fc.Arbitrary<Input>,
  read: (input: Input) => unknown,
): Promise<Outcome> {
  const outcome: Outcome = { refused: 0, read: 0 };
  let slowest = 0;
  const before = process.resourceUsage().maxRSS;
  // jsfive prints what it cannot decode.
  const silenced = [vi.spyOn(console, "log"), vi.spyOn(console, "warn")];
  silenced.forEach((spy) => spy.mockImplementation(() => undefined));
  const attempt = async (input: Input): Promise<void> => {
    const begin = process.cpuUsage();
    outcome[await readOrRefuse(() => read(input))]++;
    const took = computed(begin);
    slowest = Math.max(slowest, took);
    expect(took, "milliseconds").toBeLessThan(longest);
  };
  try {
    await fc.assert(fc.asyncProperty(inputs, attempt), { numRuns: runs, seed: seed(), endOnFailure: false });
  } finally {
    silenced.forEach((spy) => spy.mockRestore());
  }
  const grown = (process.resourceUsage().maxRSS - before) / 1024;
  expect(grown, "MiB").toBeLessThan(mostMemory);
  report(name, outcome, slowest, grown);
  return outcome;
}

/** The seed of the inputs: one for all runs, unless another is asked for. */
function seed(): number {
  return Number(process.env.FUZZ_SEED ?? 1);
}

/** Milliseconds of computing since `begin`. */
export function computed(begin: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
}

async function readOrRefuse(read: () => unknown): Promise<keyof Outcome> {
  try {
    await read();
    return "read";
  } catch (error) {
    if (!(error instanceof WebGpuRnnError)) throw error;
    expect(error.message).toMatch(/expected .+, got .*; .+/s);
    return "refused";
  }
}

function report(name: string, { refused, read }: Outcome, slowest: number, grown: number): void {
  console.log(
    `${name}: ${refused + read} inputs, ${refused} refused, ${read} read, ` +
      `slowest ${slowest.toFixed(0)} ms, process grew by ${grown.toFixed(0)} MiB`,
  );
}
