import type { EngineReport } from "../driver";
import { caseNames, type CaseName } from "../engines/engine";
import type { ProfiledKernel } from "../profile/profile-job";
import {
  caseTitle,
  cellTitles,
  engineTitles,
  type Circumstances,
  type Comparison,
  type ProfileResult,
} from "../result";
import { digits, kilobytes, megabytes, milliseconds, ratio, table } from "./format";

/** What was measured, where and when, in one line. */
export function circumstancesLine({ adapter, runtime, machine, job, date }: Circumstances): string {
  const { cell, vocabulary, width, units, batchSize, steps, data } = job;
  const reviews = data === "imdb" ? "IMDB" : "the sample corpus";
  return (
    `${adapter}; ${runtime}; ${machine.cpu}, ${machine.cores} cores; ${date}. ${cellTitles[cell]}, ` +
    `V = ${vocabulary.toLocaleString("en")}, E = ${width}, U = ${units}, B = ${batchSize}, T = ${steps}, ${reviews}.`
  );
}

/** The engines' times and needs, and below them how closely they agree. */
export function comparisonTable(result: Comparison): string {
  const cases = caseNames.filter((name) => result.reports.some(({ times }) => times[name]));
  const head = ["", "T", ...cases.map((name) => caseTitle(name, result.job.batchSize))];
  const rows = result.reports.map((report) => [
    engineTitles[report.engine],
    String(report.steps),
    ...cases.map((name) => timeCell(result.reports, report, name)),
  ]);
  return [
    circumstancesLine(result),
    `Median of ${result.rounds} rounds (least to most); in brackets, how many times as long as webgpu-rnn.`,
    table(head, rows),
    needsTable(result),
    ...ownMemory(result),
    agreementTable(result),
    ...notes(result),
  ].join("\n\n");
}

function timeCell(reports: readonly EngineReport[], report: EngineReport, name: CaseName): string {
  const time = report.times[name];
  if (!time) return "–";
  const own = reports.find(({ engine, steps }) => engine === "webgpu-rnn" && steps === report.steps);
  const base = own?.times[name];
  const text = milliseconds(time);
  return base && report !== own ? `${text} [${ratio(time.median, base.median)}]` : text;
}

function needsTable({ reports, librarySizes }: Comparison): string {
  const rows = reports.map(({ engine, steps, needs }) => {
    const size = librarySizes[engine];
    return [
      engineTitles[engine],
      String(steps),
      needs?.dispatches === undefined ? "–" : digitsOfCount(needs.dispatches),
      needs?.memory ? megabytes(needs.memory.peak) : "–",
      size ? `${kilobytes(size.code)}${size.wasm ? ` + ${kilobytes(size.wasm)} wasm` : ""}` : "–",
    ];
  });
  return table(["", "T", "dispatches a step", "GPU memory, at most", "code, minified and gzipped"], rows);
}

/** What this library holds beyond what any must: the states, and the weights with all that belongs to them. */
function ownMemory({ reports }: Comparison): string[] {
  const own = reports.find(({ engine, needs }) => engine === "webgpu-rnn" && needs?.memory);
  if (!own) return [];
  const { peak, byLabel } = own.needs!.memory!;
  const bytes = (counts: (label: string) => boolean): number =>
    Object.entries(byLabel).reduce((sum, [label, size]) => sum + (counts(label) ? size : 0), 0);
  const states = bytes((label) => label === "training/h" || label === "training/c");
  const weights = bytes((label) => label.startsWith("model/"));
  return [
    `Of webgpu-rnn's memory at T = ${own.steps} the stored states take ${megabytes(states)}, and weights, gradients and ` +
      `optimizer ${megabytes(weights)}; everything else ${megabytes(peak - states - weights)}.`,
  ];
}

const digitsOfCount = (count: number): string => count.toLocaleString("en");

function agreementTable({ reports }: Comparison): string {
  const exponential = (value: number | undefined): string => value?.toExponential(1) ?? "–";
  const rows = reports.map(({ engine, steps, agreement }) => [
    engineTitles[engine],
    String(steps),
    agreement ? (agreement.agrees ? "yes" : "NO") : "not run",
    exponential(agreement?.probabilities),
    exponential(agreement?.losses),
    exponential(agreement?.trained),
  ]);
  const head = [
    "against float64",
    "T",
    "agrees",
    "probabilities",
    "three losses",
    "probabilities after them",
  ];
  return table(head, rows);
}

function notes({ reports }: Comparison): string[] {
  return reports.flatMap(({ engine, steps, note }) =>
    note ? [`${engineTitles[engine]}, T = ${steps}: ${note}.`] : [],
  );
}

/** The kernels' times beside what the machine would need at the least. */
export function profileTable(result: ProfileResult): string {
  const { profile } = result;
  const { copy, arithmetic } = profile.rates;
  const floor = ({ flop, bytes }: ProfiledKernel): number | undefined =>
    flop === undefined || bytes === undefined ? undefined : 1000 * Math.max(flop / arithmetic, bytes / copy);
  const cell = (value: number | undefined): string =>
    value === undefined || !Number.isFinite(value) ? "–" : digits(value);
  const row = (kernel: ProfiledKernel): string[] => {
    if (kernel.empty) return [shortLabel(kernel.label), "nothing to do", "–", "–", "–", "–"];
    const least = floor(kernel);
    const { label, flop, bytes } = kernel;
    return [
      shortLabel(label),
      digits(kernel.milliseconds),
      cell(flop === undefined ? undefined : flop / 1e6),
      cell(bytes === undefined ? undefined : bytes / 1e6),
      cell(least),
      least ? `${cell(kernel.milliseconds / least)} ×` : "–",
    ];
  };
  const head = ["", "ms", "MFLOP", "MB", "floor, ms", "time ÷ floor"];
  const parts = profile.programs.flatMap(({ name, milliseconds, kernels }) => {
    const total = sumOf(kernels);
    const rows = [...kernels.map(row), row({ label: "all kernels", ...total })];
    return [`${name}: ${digits(milliseconds)} ms from submit to end`, table(head, rows)];
  });
  return [
    circumstancesLine(result),
    `Shape of the time loop: ${profile.shape}. Clock: ${profile.clock}. This machine copies ${digits(copy / 1e9)} GB/s ` +
      `(read and written) and multiplies and adds ${digits(arithmetic / 1e9)} GFLOP/s in registers; a kernel's floor ` +
      "is the longer of the two times that its bytes and its FLOP would take at these rates.",
    ...parts,
  ].join("\n\n");
}

function sumOf(kernels: readonly ProfiledKernel[]): Omit<ProfiledKernel, "label"> {
  const sum = (name: "milliseconds" | "flop" | "bytes"): number =>
    kernels.reduce((total, kernel) => total + (kernel[name] ?? 0), 0);
  return { milliseconds: sum("milliseconds"), flop: sum("flop"), bytes: sum("bytes") };
}

/** Name and part, or the tensor that is set to zeros: the rest of a variant's constants is long, and the same in all rows. */
function shortLabel(label: string): string {
  const name = /^[\w ]+/.exec(label)?.[0] ?? label;
  const part = /\b(?:part|tensor)=([^ >]+)/.exec(label)?.[1];
  return part ? `${name}, ${part}` : name;
}
