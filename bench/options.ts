import { UsageError, parseFlags, text, toggle, whole, type Flag, type Values } from "../src/node/options";
import { caseNames, engineNames, type CaseName, type EngineName } from "./engines/engine";
import type { Cell } from "./job";

/** The cells, by the names that `--cell` takes. */
const cellNames: Readonly<Record<string, Cell>> = { "simple-rnn": "simpleRnn", lstm: "lstm", gru: "gru" };

/** A flag whose value is one of several names. */
function choice<T>(value: string, names: Readonly<Record<string, T>>, meaning: string): Flag<T> {
  return {
    value,
    meaning,
    parse(given, name) {
      if (Object.hasOwn(names, given)) return names[given];
      const known = Object.keys(names).join(", ");
      throw new UsageError(
        `${name}: expected one of ${known}, got "${given}"; write for example ${name} lstm`,
      );
    },
  };
}

const benchFlags = {
  only: text("NAME", `engines and cases to time, with commas: ${[...engineNames, ...caseNames].join(", ")}`),
  cell: choice("CELL", cellNames, "the recurrent layer: simple-rnn (default), lstm or gru"),
  quick: toggle("a tiny job, to see that everything runs; its times mean nothing"),
  adapter: text("TEXT", "an adapter whose description contains TEXT, such as swiftshader"),
  rounds: whole("rounds of which the median counts (default 5)", 1, 100),
  profile: toggle("time each kernel of this library instead of comparing libraries"),
  scale: toggle("measure time and memory against T, B, U and V, in Node (npm run bench:scale)"),
  seconds: whole("with --scale: seconds that a point may take (default 20)", 1, 600),
  sample: toggle("use the built-in sample corpus even where IMDB is at hand"),
  out: text(
    "DIR",
    "folder for the JSON and the plot (default bench/results; with --quick .cache/bench/results)",
  ),
  "write-docs": toggle("measure nothing: put the figures of bench/results into the documents"),
  node: toggle("this library in Node, through Dawn (npm run bench:node)"),
  help: toggle("this text"),
};

export { benchFlags };
export type BenchFlags = Values<typeof benchFlags>;

/** @throws {UsageError} an unknown flag, or a wrong value. */
export function parseBenchFlags(args: readonly string[]): BenchFlags {
  return parseFlags(args, benchFlags);
}

/** What `--only` leaves: all cases where it names engines alone, and the other way round. */
export function selection(only: string | undefined): { engines: EngineName[]; cases: CaseName[] } {
  const names = only?.split(",").map((name) => name.trim()) ?? [];
  const known: readonly string[] = [...engineNames, ...caseNames];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`--only: expected names among ${known.join(", ")}, got "${unknown}"; correct it`);
  }
  const engines = engineNames.filter((name) => names.includes(name));
  const cases = caseNames.filter((name) => names.includes(name));
  return {
    engines: engines.length > 0 ? engines : [...engineNames],
    cases: cases.length > 0 ? cases : [...caseNames],
  };
}
