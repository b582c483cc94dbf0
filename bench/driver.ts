import { comparedSteps, compare, referenceEvidence, type Agreement, type Evidence } from "./agreement";
import { jobFor, type CaseName, type EngineName } from "./engines/engine";
import type { Host } from "./host";
import type { Cell, Job } from "./job";
import { summarize, type Summary } from "./statistics";
import type { Needs } from "./workbench";

/** What is to be measured. */
export interface Plan {
  engines: readonly EngineName[];
  cases: readonly CaseName[];
  rounds: number;
  /** Milliseconds that an engine's turn should last, as far as a single step allows. */
  turn: number;
  /** T of the unrolled engine, from short to long: the longest that it manages counts. */
  unrolledSteps: readonly number[];
  /** Seconds within which the unrolled engine is expected to have traced and run its first steps. */
  unrolledPatience: number;
}

/** An engine at one length of the reviews: whether it agrees, and its times per step, batch and review. */
export interface EngineReport {
  engine: EngineName;
  steps: number;
  /** Missing where the engine could not be made to run. */
  agreement?: Agreement;
  /** Why there are no figures, or what they must be read with. */
  note?: string;
  needs?: Needs;
  /** Milliseconds. */
  times: Partial<Record<CaseName, Summary>>;
}

type Say = (line: string) => void;

/** Checks and times all engines of a plan. */
export async function drive(host: Host, job: Job, plan: Plan, say: Say): Promise<EngineReport[]> {
  if (!plan.engines.includes("jax-js")) return driveGroup(host, job, plan, job.steps, say);
  const { longest, why } = await longestUnrolled(host, job, plan, say);
  const known = new Map<EngineName, Evidence>(longest ? [["jax-js", longest.evidence]] : []);
  if (longest?.steps === job.steps) return driveGroup(host, job, plan, job.steps, say, known);
  const engines = plan.engines.filter((name) => name !== "jax-js");
  const reports = await driveGroup(host, job, { ...plan, engines }, job.steps, say);
  if (!longest) return [...reports, { engine: "jax-js", steps: job.steps, times: {}, note: why }];
  // Beside it this library at the same length: a shorter job would flatter either of them.
  const group: Plan = { ...plan, engines: ["webgpu-rnn", "jax-js"] };
  const together = await driveGroup(host, job, group, longest.steps, say, known);
  const unrolled = together[1];
  const notes = [why, unrolled.note].filter((note) => note !== undefined);
  if (notes.length > 0) unrolled.note = notes.join("; ");
  return [...reports, ...together];
}

/**
 * Engines of one group are measured in turns, so that whatever else the machine does hits all of them.
 *
 * @param known what engines that are open already have computed
 */
async function driveGroup(
  host: Host,
  job: Job,
  plan: Plan,
  steps: number,
  say: Say,
  known: ReadonlyMap<EngineName, Evidence> = new Map(),
): Promise<EngineReport[]> {
  if (plan.engines.length === 0) return [];
  const references = new Map<Cell, Evidence>();
  const referenceOf = (engine: EngineName): Evidence => {
    const own = jobFor(engine, job);
    const reference = references.get(own.cell) ?? referenceEvidence(own, steps);
    references.set(own.cell, reference);
    return reference;
  };
  const reports: EngineReport[] = [];
  for (const engine of plan.engines) {
    const report: EngineReport = { engine, steps, times: {} };
    reports.push(report);
    try {
      const evidence = known.get(engine) ?? (await openAndAsk(host, engine, steps, say));
      report.agreement = compare(evidence, referenceOf(engine));
      if (!report.agreement.agrees) report.note = "disagrees with the float64 reference; not timed";
    } catch (error) {
      report.note = messageOf(error);
    }
  }
  const timed = reports.filter(({ agreement }) => agreement?.agrees);
  await takeTurns(host, plan, timed, say);
  for (const report of timed) report.needs = await host.call("needs", report.engine, steps);
  for (const { engine } of reports) await host.call("close", engine, steps);
  return reports;
}

async function openAndAsk(host: Host, engine: EngineName, steps: number, say: Say): Promise<Evidence> {
  say(`${engine}, T = ${steps}: checking`);
  await host.call("open", engine, steps);
  return evidenceOf(host, engine, steps);
}

/** Has an engine compute what is compared: the first thing that is asked of a model. */
async function evidenceOf(host: Host, engine: EngineName, steps: number): Promise<Evidence> {
  const before = await host.call("probabilities", engine, steps);
  if (!(await host.call("trains", engine, steps))) return { before, losses: [], after: [] };
  const losses: number[] = [];
  for (let i = 0; i < comparedSteps; i++) losses.push(await host.call("step", engine, steps, i));
  return { before, losses, after: await host.call("probabilities", engine, steps) };
}

/** What an engine has still to do in one case. */
interface Entry {
  timed: CaseName;
  report: EngineReport;
  /** Steps, batches or reviews in a turn. */
  count: number;
  /** Milliseconds for each of them, by round. */
  times: number[];
}

async function takeTurns(host: Host, plan: Plan, reports: EngineReport[], say: Say): Promise<void> {
  let entries: Entry[] = plan.cases.flatMap((timed) =>
    reports
      .filter(({ agreement }) => timed !== "train" || agreement?.losses !== undefined)
      .map((report) => ({ timed, report, count: 1, times: [] })),
  );
  for (let round = 0; round <= plan.rounds; round++) {
    say(round === 0 ? "warming up" : `round ${round} of ${plan.rounds}`);
    const failed = new Set<Entry>();
    for (const entry of entries) {
      try {
        await takeTurn(host, plan, entry, round === 0);
      } catch (error) {
        failed.add(entry);
        entry.report.note = `${entry.timed} failed: ${messageOf(error)}`;
      }
    }
    entries = entries.filter((entry) => !failed.has(entry));
  }
  for (const { timed, report, times } of entries) report.times[timed] = summarize(times);
}

async function takeTurn(host: Host, { turn }: Plan, entry: Entry, warmUp: boolean): Promise<void> {
  const { engine, steps } = entry.report;
  const { milliseconds, count } = await host.call("time", engine, steps, entry.timed, entry.count);
  if (warmUp) entry.count = Math.max(1, Math.round((turn * count) / milliseconds));
  else entry.times.push(milliseconds / count);
}

/** With which power of T the cost of tracing is expected to grow. */
const growth = 1.5;

/** An unrolled engine at the longest T that it managed: open, and what it computed. */
interface Longest {
  steps: number;
  evidence: Evidence;
}

/** Tries one length after the other; stops at a failure, and before one that would go beyond the patience. */
async function longestUnrolled(
  host: Host,
  job: Job,
  { unrolledSteps, unrolledPatience }: Plan,
  say: Say,
): Promise<{ longest?: Longest; why?: string }> {
  const lengths = unrolledSteps.filter((steps) => steps <= job.steps);
  let longest: Longest | undefined;
  for (const [i, steps] of lengths.entries()) {
    const begin = performance.now();
    try {
      const evidence = await openAndAsk(host, "jax-js", steps, say);
      if (longest) await host.call("close", "jax-js", longest.steps);
      longest = { steps, evidence };
    } catch (error) {
      return { longest, why: `T = ${steps} failed: ${messageOf(error)}` };
    }
    const seconds = Math.round((performance.now() - begin) / 1000);
    say(`jax-js, T = ${steps}: tracing, and three steps, took ${seconds} s`);
    const next = lengths[i + 1];
    if (next !== undefined && seconds * (next / steps) ** growth > unrolledPatience) {
      const why = `T = ${next} was not tried: tracing, and three steps, took ${seconds} s at T = ${steps}`;
      return { longest, why };
    }
  }
  return { longest };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
