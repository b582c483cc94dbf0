import { join } from "node:path";
import { commandHelp } from "../src/node/help";
import { openBrowserHost } from "./browser-host";
import { fullSizes, makeJob, quickSizes, type JobSizes } from "./data";
import { drive, type Plan } from "./driver";
import { engineNames, enginesFor } from "./engines/engine";
import { openNodeHost, type Host } from "./host";
import type { Cell, Job } from "./job";
import { librarySizes } from "./library-size";
import { machine, versions } from "./machine";
import { benchFlags, parseBenchFlags, selection, type BenchFlags } from "./options";
import { comparisonTable, profileTable } from "./report/tables";
import { writeDocs } from "./report/docs";
import { writeResult } from "./report/write";
import type { BenchResult, Circumstances, Comparison } from "./result";

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
    const folder = flags.out ?? (flags.quick ? join(".cache", "bench", "results") : join("bench", "results"));
    await writeResult(root, folder, result, say);
    return result;
  } finally {
    await host.close();
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
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    runtime: host.runtime,
    adapter: await host.call("adapter"),
    versions: versions(root),
    job: { ...sizes, cell: job.cell, data: job.data },
  };
}
