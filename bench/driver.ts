import { comparedSteps, compare, referenceEvidence, type Agreement, type Evidence } from "./agreement";
import type { CaseName, EngineName } from "./engines/engine";
import type { Host } from "./host";
import type { Job } from "./job";
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
  /** Milliseconds within which the unrolled engine must have traced and run its first steps. */
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
  const unrolled = plan.engines.includes("jax-js");
  const engines = plan.engines.filter((name) => name !== "jax-js");
  const reports = await driveGroup(host, job, { ...plan, engines }, job.steps, say);
  if (!unrolled) return reports;
  const longest = await longestUnrolled(host, job, plan, say);
  if (longest.steps === undefined) {
    return [...reports, { engine: "jax-js", steps: job.steps, times: {}, note: longest.why }];
  }
  // Beside it this library at the same length: a shorter job would flatter either of them.
  const beside: EngineName[] = longest.steps === job.steps ? ["jax-js"] : ["webgpu-rnn", "jax-js"];
  const together = await driveGroup(host, job, { ...plan, engines: beside }, longest.steps, say);
  for (const report of together) {
    if (report.engine === "jax-js" && longest.why)
      report.note = [longest.why, report.note].filter(Boolean).join("; ");
  }
  return [...reports, ...together];
}

/** Engines of one group are measured in turns, so that whatever else the machine does hits all of them. */
async function driveGroup(
  host: Host,
  job: Job,
  plan: Plan,
  steps: number,
  say: Say,
): Promise<EngineReport[]> {
  if (plan.engines.length === 0) return [];
  const reference = referenceEvidence(job, steps);
  const reports: EngineReport[] = [];
  for (const engine of plan.engines) {
    say(`${engine}, T = ${steps}: checking`);
    const report: EngineReport = { engine, steps, times: {} };
    reports.push(report);
    try {
      await host.call("open", engine, steps);
      report.agreement = compare(await evidenceOf(host, engine, steps), reference);
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

/** Has an engine compute what is compared: the first thing that is asked of a model. */
async function evidenceOf(host: Host, engine: EngineName, steps: number): Promise<Evidence> {
  const before = await host.call("probabilities", engine, steps);
  if (!(await host.call("trains", engine, steps))) return { before, losses: [], after: [] };
  const losses: number[] = [];
  for (let i = 0; i < comparedSteps; i++) losses.push(await host.call("step", engine, steps, i));
  return { before, losses, after: await host.call("probabilities", engine, steps) };
}

async function takeTurns(host: Host, plan: Plan, reports: EngineReport[], say: Say): Promise<void> {
  const entries = plan.cases.flatMap((timed) =>
    reports
      .filter(({ agreement }) => timed !== "train" || agreement?.losses !== undefined)
      .map((report) => ({ timed, report, count: 1, times: [] as number[] })),
  );
  for (let round = 0; round <= plan.rounds; round++) {
    say(round === 0 ? "warming up" : `round ${round} of ${plan.rounds}`);
    for (const entry of entries) {
      const { engine, steps } = entry.report;
      const { milliseconds, count } = await host.call("time", engine, steps, entry.timed, entry.count);
      if (round > 0) entry.times.push(milliseconds / count);
      else entry.count = Math.max(1, Math.round((plan.turn * count) / milliseconds));
    }
  }
  for (const { timed, report, times } of entries) report.times[timed] = summarize(times);
}

/** Tries one length after the other; stops before one that would go beyond the patience. */
async function longestUnrolled(
  host: Host,
  job: Job,
  { unrolledSteps, unrolledPatience }: Plan,
  say: Say,
): Promise<{ steps?: number; why: string }> {
  const lengths = unrolledSteps.filter((steps) => steps <= job.steps);
  let longest: number | undefined;
  let why = "";
  for (const [i, steps] of lengths.entries()) {
    say(`jax-js, T = ${steps}: tracing the unrolled program`);
    const begin = performance.now();
    try {
      await host.call("open", "jax-js", steps);
      await evidenceOf(host, "jax-js", steps);
      await host.call("close", "jax-js", steps);
    } catch (error) {
      why = `T = ${steps} failed: ${messageOf(error)}`;
      break;
    }
    const took = performance.now() - begin;
    longest = steps;
    const next = lengths[i + 1];
    // What tracing costs grows faster than the program; squares are what was seen.
    const expected = next === undefined ? 0 : took * (next / steps) ** 2;
    if (expected > unrolledPatience) {
      why = `T = ${next} would take over ${Math.round(unrolledPatience / 1000)} s to trace and run its first steps`;
      break;
    }
  }
  return { steps: longest, why };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
