import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { format, resolveConfig } from "prettier";
import type { BenchResult } from "../result";
import { comparisonPlot } from "./plot";
import { curveFile, curveNames, curvePlot } from "./scale";

/**
 * Writes a result as JSON, and its plot where it has one. The name says what was measured where, not when: a
 * second run on the same adapter takes the place of the first.
 */
export async function writeResult(
  root: string,
  folder: string,
  result: BenchResult,
  say: (line: string) => void,
): Promise<void> {
  mkdirSync(resolve(root, folder), { recursive: true });
  const name = resultName(result);
  const file = join(folder, `${name}.json`);
  await writeFormatted(resolve(root, file), JSON.stringify(result));
  say(`wrote ${file}`);
  for (const [picture, svg] of plotsOf(result)) {
    writeFileSync(resolve(root, folder, picture), svg);
    say(`wrote ${join(folder, picture)}`);
  }
}

/** A result's pictures, by their file names. */
export function plotsOf(result: BenchResult): Map<string, string> {
  const name = resultName(result);
  const plots: [string, string | undefined][] = [];
  if (result.kind === "comparison") plots.push([`${name}.svg`, comparisonPlot(result)]);
  if (result.kind === "scale") {
    for (const curve of curveNames) plots.push([curveFile(name, curve), curvePlot(result, curve)]);
  }
  return new Map(plots.flatMap(([file, svg]) => (svg === undefined ? [] : [[file, svg] as const])));
}

/** For instance `comparison-chromium-swiftshader`. */
export function resultName(result: BenchResult): string {
  const { kind, runtime, adapter } = result;
  const known = /swiftshader|llvmpipe/i.exec(adapter)?.[0];
  const cell = result.kind === "scale" ? result.cell : result.job.cell;
  const parts = [kind, ...(cell === "simpleRnn" ? [] : [cell]), runtime.split(/[ /]/)[0], known ?? adapter];
  return parts
    .join("-")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 80)
    .replace(/-$/, "");
}

/** All results in a folder, by name. */
export function readResults(folder: string): Map<string, BenchResult> {
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return new Map(
    files
      .sort()
      .map((file) => [
        file.replace(/\.json$/, ""),
        JSON.parse(readFileSync(join(folder, file), "utf8")) as BenchResult,
      ]),
  );
}

/** Writes a file as the project's formatter would have it. */
export async function writeFormatted(path: string, text: string): Promise<void> {
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
}
