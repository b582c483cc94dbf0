import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BenchResult } from "../result";
import { comparisonPlot } from "./plot";
import { comparisonTable, profileTable } from "./tables";
import { readResults, writeFormatted } from "./write";

const begin = "<!-- written by npm run bench -- --write-docs: begin -->";
const end = "<!-- end -->";

/** Puts the results of bench/results into docs/benchmarks.md, and their plots into docs/images. */
export async function writeDocs(root: string, say: (line: string) => void): Promise<void> {
  const page = join(root, "docs", "benchmarks.md");
  const results = readResults(join(root, "bench", "results"));
  if (results.size === 0) return say("bench/results holds no results; run npm run bench first");
  const sections = [...results].map(([name, result]) => section(root, name, result));
  await writeFormatted(
    page,
    replaceBetween(readFileSync(page, "utf8"), ["## Results", ...sections].join("\n\n")),
  );
  say(`wrote docs/benchmarks.md: ${results.size} results`);
}

function section(root: string, name: string, result: BenchResult): string {
  if (result.kind === "profile") {
    return `### Kernels: ${result.adapter}, ${result.runtime}\n\n${profileTable(result)}`;
  }
  const heading = `### Engines: ${result.adapter}, ${result.runtime}`;
  const plot = comparisonPlot(result);
  if (plot === undefined) return `${heading}\n\n${comparisonTable(result)}`;
  writeFileSync(join(root, "docs", "images", `${name}.svg`), plot);
  return `${heading}\n\n![${name}](images/${name}.svg)\n\n${comparisonTable(result)}`;
}

/** @throws {Error} the page has lost its marks. */
export function replaceBetween(page: string, text: string): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) {
    throw new Error(
      `docs/benchmarks.md: expected the marks "${begin}" and "${end}", got a page without them; put them back`,
    );
  }
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}
