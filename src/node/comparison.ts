import { extname } from "node:path";
import { baselineNames, runBaseline, type BaselineName } from "../job/baselines";
import { networkNames, type JobConfig, type JobData, type JobResult, type NetworkName } from "../job/types";
import { writeFileAtomic } from "./files";
import { reportEvent } from "./report";
import type { Terminal } from "./terminal";

/** Baselines first: they take seconds. */
export const modelNames = [...baselineNames, ...networkNames] as const;
export type ModelName = BaselineName | NetworkName;

export interface ModelRun {
  name: ModelName;
  result: JobResult;
  /** A safetensors file; none of a baseline. */
  weights?: Uint8Array;
}

/** Runs a network where the command line says: in Node, or in a browser. */
type RunNetwork = (config: JobConfig) => Promise<{ result: JobResult; weights: Uint8Array }>;

export interface Comparison {
  names: readonly ModelName[];
  config: JobConfig;
  data: JobData;
  runNetwork: RunNetwork;
}

const isBaseline = (name: ModelName): name is BaselineName => baselineNames.some((known) => known === name);

/** Trains and evaluates one model after the other; what is done is shown as a table, also where a later one fails. */
export async function runModels(
  { names, config, data, runNetwork }: Comparison,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<ModelRun[]> {
  const runs: ModelRun[] = [];
  try {
    for (const [i, name] of names.entries()) {
      terminal.line(`${i === 0 ? "" : "\n"}Model ${i + 1} of ${names.length}: ${name}`);
      const emit = reportEvent.bind(undefined, terminal);
      runs.push(
        isBaseline(name)
          ? { name, result: await runBaseline(name, config, data, { emit, signal }) }
          : { name, ...(await runNetwork({ ...config, model: name })) },
      );
    }
  } finally {
    if (runs.length > 0) {
      const rows = data.test.x.shape[0].toLocaleString("en");
      terminal.line(`\nOn ${rows} test reviews never trained on:\n\n${comparisonTable(runs)}\n`);
    }
  }
  return runs;
}

/** Accuracy and loss on the test reviews, parameters, and seconds to train and evaluate, a model a line. */
export function comparisonTable(runs: readonly Omit<ModelRun, "weights">[]): string {
  const head = ["model", "test acc", "test loss", "parameters", "seconds"];
  const rows = runs.map(({ name, result: { test, parameters, seconds } }) => [
    name,
    test.acc.toFixed(4),
    test.loss.toFixed(4),
    parameters.toLocaleString("en"),
    seconds.toFixed(1),
  ]);
  const widths = head.map((title, i) =>
    Math.max(...[head, ...rows].map((row) => row[i].length), title.length),
  );
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ");
  return [line(head), line(widths.map((width) => "─".repeat(width))), ...rows.map(line)].join("\n");
}

/** Saves the networks' weights: to `out` where there is one model, else to a file each beside it. */
export async function saveWeights(runs: readonly ModelRun[], out: string, terminal: Terminal): Promise<void> {
  for (const { name, weights } of runs) {
    if (!weights) continue;
    const file = weightsFile(runs, out, name);
    await writeFileAtomic(file, weights);
    terminal.line(`Weights of ${name} saved to ${file}`);
  }
}

/** Of one model `out`; of several `artifacts/imdb.safetensors` and `lstm`: `artifacts/imdb-lstm.safetensors`. */
export function weightsFile(models: readonly unknown[], out: string, name = ""): string {
  if (models.length === 1) return out;
  const extension = extname(out);
  return `${out.slice(0, out.length - extension.length)}-${name}${extension}`;
}

/** One model: the report of a run, and its name; several: the list of them. */
export function comparisonReport(runs: readonly ModelRun[], config: JobConfig): object {
  const models = runs.map(({ name, result: { adapter, parameters, epochs, test, seconds } }) => ({
    model: name,
    adapter,
    config: { ...config, model: name },
    parameters,
    epochs,
    test,
    seconds,
  }));
  return models.length === 1 ? models[0] : { models };
}
