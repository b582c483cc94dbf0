import { join } from "node:path";
import { requestNodeDevice } from "../src/node/device";
import { commandHelp } from "../src/node/help";
import { openBrowserHost } from "./browser-host";
import { fullSizes, makeJob, quickSizes, type JobSizes } from "./data";
import { drive, type Plan } from "./driver";
import { engineNames, enginesFor } from "./engines/engine";
import { nodeRuntime, openNodeHost, type Host } from "./host";
import type { Cell, Job } from "./job";
import { librarySizes } from "./library-size";
import { machine, versions } from "./machine";
import { benchFlags, parseBenchFlags, selection, type BenchFlags } from "./options";
import { comparisonTable, profileTable } from "./report/tables";
import { writeDocs } from "./report/docs";
import { writeResult } from "./report/write";
import { fullPlan, quickPlan } from "./scale/points";
import { measureScale } from "./scale/run";
import { scaleText } from "./report/scale";
import type { BenchResult, Circumstances, Comparison, ScaleResult, Setting } from "./result";

/** Where a run of the benchmark writes to. */
export interface BenchOutput {
  /** The tables. */
  print: (text: string) => void;
  /** What goes on. */
  say: (line: string) => void;
}

/**
 * Runs the benchmark.
 *
 * @param root the project's root
 * @param args the flags of `npm run bench`
 * @returns the result; undefined where only help or documents were asked for
 * @throws {UsageError} a wrong flag.
 */
export async function bench(
  root: string,
  args: readonly string[],
  { print, say }: BenchOutput,
): Promise<BenchResult | undefined> {
  const flags = parseBenchFlags(args);
  if (flags.help) return void print(commandHelp("npm run bench --", benchFlags));
  if (flags["write-docs"]) return void (await writeDocs(root, say));
  const cell = flags.cell ?? "simpleRnn";
  const folder = flags.out ?? (flags.quick ? join(".cache", "bench", "results") : join("bench", "results"));
  if (flags.scale) {
    const scale = await scaleResult(root, cell, flags, say);
    print(scaleText(scale));
    await writeResult(root, folder, scale, say);
    return scale;
  }
  const plan = planOf(flags, cell);
  const sizes = flags.quick ? quickSizes : fullSizes;
  const job = await makeJob(root, sizes, flags.sample ?? flags.quick ?? false, cell);
  say(`${job.data === "imdb" ? "IMDB" : "sample corpus"}, ${job.batches} batches of ${job.batchSize}`);
  const host = flags.node
    ? await openNodeHost(job, flags.adapter)
    : await openBrowserHost(root, job, flags.adapter);
  try {
    const circumstances = await circumstancesOf(root, host, job, sizes);
    say(`adapter: ${circumstances.adapter}`);
    const result: BenchResult = flags.profile
      ? { kind: "profile", ...circumstances, profile: await host.profile() }
      : { kind: "comparison", ...circumstances, ...(await compareEngines(root, host, job, plan, say)) };
    print(result.kind === "profile" ? profileTable(result) : comparisonTable(result));
    await writeResult(root, folder, result, say);
    return result;
  } finally {
    await host.close();
  }
}

async function scaleResult(
  root: string,
  cell: Cell,
  { quick, seconds, adapter }: BenchFlags,
  say: BenchOutput["say"],
): Promise<ScaleResult> {
  const plan = quick ? quickPlan : fullPlan;
  const device = await requestNodeDevice(adapter === undefined ? {} : { adapter });
  try {
    say(`adapter: ${device.description}`);
    const begin = performance.now();
    const scale = await measureScale(device, cell, { ...plan, seconds: seconds ?? plan.seconds }, say);
    say(`took ${Math.round((performance.now() - begin) / 1000)} s`);
    return { kind: "scale", ...setting(root, nodeRuntime, device.description), ...scale };
  } finally {
    device.destroy();
  }
}

async function compareEngines(
  root: string,
  host: Host,
  job: Job,
  plan: Plan,
  say: BenchOutput["say"],
): Promise<Pick<Comparison, "rounds" | "reports" | "librarySizes">> {
  const reports = await drive(host, job, plan, say);
  const engines = engineNames.filter((name) => reports.some(({ engine }) => engine === name));
  return { rounds: plan.rounds, reports, librarySizes: await librarySizes(root, engines) };
}

function planOf({ only, node, quick, rounds }: BenchFlags, cell: Cell): Plan {
  const { engines, cases } = selection(only);
  const here = enginesFor(cell).filter((name) => !node || name === "webgpu-rnn" || name === "simple-rnn");
  return {
    engines: here.filter((name) => engines.includes(name)),
    cases,
    rounds: rounds ?? (quick ? 2 : 5),
    turn: quick ? 1 : 500,
    unrolledSteps: quick ? [4, 8] : [10, 20, 50, 100, 200, 500],
    unrolledPatience: quick ? 10 : 240,
  };
}

async function circumstancesOf(root: string, host: Host, job: Job, sizes: JobSizes): Promise<Circumstances> {
  return {
    ...setting(root, host.runtime, await host.call("adapter")),
    job: { ...sizes, cell: job.cell, data: job.data },
  };
}

function setting(root: string, runtime: string, adapter: string): Setting {
  const date = new Date().toISOString().slice(0, 10);
  return { date, machine: machine(), runtime, adapter, versions: versions(root) };
}
