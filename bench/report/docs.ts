import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BenchResult, ScaleResult } from "../result";
import { scaleText, curveFile } from "./scale";
import { comparisonTable, profileTable } from "./tables";
import { plotsOf, readResults, writeFormatted } from "./write";

/** A part of a page that is written by the benchmark, between two marks. */
interface Part {
  page: string;
  begin: string;
}

const end = "<!-- end -->";
const comparisons: Part = {
  page: "docs/benchmarks.md",
  begin: "<!-- written by npm run bench -- --write-docs: begin -->",
};
const curves: Part = {
  page: "docs/performance.md",
  begin: "<!-- scale curves, written by npm run bench -- --write-docs: begin -->",
};

/** Puts the results of bench/results into docs/benchmarks.md and docs/performance.md, and their plots into docs/images. */
export async function writeDocs(root: string, say: (line: string) => void): Promise<void> {
  const results = readResults(join(root, "bench", "results"));
  if (results.size === 0) return say("bench/results holds no results; run npm run bench first");
  for (const result of results.values()) {
    for (const [file, svg] of plotsOf(result)) writeFileSync(join(root, "docs", "images", file), svg);
  }
  const all = [...results];
  const scales = all.flatMap(([name, result]) =>
    result.kind === "scale" ? [scaleSection(name, result)] : [],
  );
  const others = all.flatMap(([name, result]) => (result.kind === "scale" ? [] : [section(name, result)]));
  await writePart(root, comparisons, ["## Results", ...others]);
  if (scales.length > 0) await writePart(root, curves, scales);
  say(`wrote docs/benchmarks.md and docs/performance.md: ${results.size} results`);
}

async function writePart(root: string, { page, begin }: Part, sections: readonly string[]): Promise<void> {
  const file = join(root, page);
  await writeFormatted(
    file,
    replaceBetween(readFileSync(file, "utf8"), sections.join("\n\n"), { page, begin }),
  );
}

function section(name: string, result: Exclude<BenchResult, ScaleResult>): string {
  if (result.kind === "profile") {
    return `### Kernels: ${result.adapter}, ${result.runtime}\n\n${profileTable(result)}`;
  }
  const heading = `### Engines: ${result.adapter}, ${result.runtime}`;
  const pictures = [...plotsOf(result).keys()].map((file) => `![${name}](images/${file})`);
  return [heading, ...pictures, comparisonTable(result)].join("\n\n");
}

function scaleSection(name: string, result: ScaleResult): string {
  const plots = plotsOf(result);
  const text = scaleText(result, (curve) => {
    const file = curveFile(name, curve);
    return plots.has(file) ? `![${name}, ${curve}](images/${file})` : "";
  });
  return `### ${result.adapter}, ${result.runtime}\n\n${text}`;
}

/** @throws {Error} the page has lost its marks. */
export function replaceBetween(text: string, part: string, { page, begin }: Part = comparisons): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0) {
    throw new Error(
      `${page}: expected the marks "${begin}" and "${end}", got a page without them; put them back`,
    );
  }
  return `${text.slice(0, from + begin.length)}\n\n${part}\n\n${text.slice(to)}`;
}
