import { unroll } from "../../runtime/wgsl";

/** A lane's products with its column (or row) of a matrix, for each gate. */
export interface WideProduct {
  /** WGSL: what stays in registers; to be put where `unit` is the lane's own. */
  declare: (gates: readonly number[]) => string;
  /** WGSL: sums ← sums + Σ_k values[k] · element(k, gate), for each gate. */
  add: (gates: readonly number[], sumOf: (gate: number) => string, values: string) => string;
}

/**
 * @param inRegisters whether the lane keeps its elements
 * @param count of the sum's terms
 * @param element WGSL for an element of the matrix, of the variable `unit` and the WGSL expression k
 */
export function wideProduct({
  inRegisters,
  count,
  element,
}: {
  inRegisters: boolean;
  count: number;
  element: (k: string, gate: number) => string;
}): WideProduct {
  const vectors = Math.ceil(count / 4);
  const weight = (gate: number, i: number): string => `weight${gate}_${i}`;
  const at = (k: number, gate: number): string => (k < count ? element(`${k}u`, gate) : "0.0");
  const four = (value: (c: number) => string): string => `vec4f(${[0, 1, 2, 3].map(value).join(", ")})`;
  if (!inRegisters) {
    return {
      declare: () => "",
      add: (gates, sumOf, values) =>
        gates.length === 0
          ? ""
          : `for (var k = 0u; k < ${count}u; k++) {
        let v = ${values}[k];
        ${gates.map((gate) => `${sumOf(gate)} += v * ${element("k", gate)};`).join("\n")}
      }`,
    };
  }
  return {
    declare: (gates) =>
      gates
        .map((gate) =>
          unroll(vectors, (i) => `let ${weight(gate, i)} = ${four((c) => at(4 * i + c, gate))};`),
        )
        .join("\n"),
    add: (gates, sumOf, values) =>
      gates.length === 0
        ? ""
        : `{
      ${gates.map((gate) => `var sums${gate} = vec4f();`).join(" ")}
      ${unroll(vectors, (i) => {
        const v = four((c) => `${values}[${4 * i + c}]`);
        return `{ let v = ${v}; ${gates.map((gate) => `sums${gate} += v * ${weight(gate, i)};`).join(" ")} }`;
      })}
      ${gates.map((gate) => `${sumOf(gate)} += (sums${gate}.x + sums${gate}.y) + (sums${gate}.z + sums${gate}.w);`).join("\n")}
    }`,
  };
}

/** WGSL of loads that lanes may begin before they need them. */
export interface WideLoads {
  /** Before the loop: from the rows of the first steps, twice as many as are begun together. */
  begin: (rows: readonly string[]) => string;
  /** Where `left`, the number of steps that are loaded, is 0: from the rows of those behind the next ones. */
  refill: (rows: readonly string[]) => string;
  /** In every step, where loads are begun ahead: declares the step's values. */
  next: string;
  /** Where the values are needed and are not begun ahead: declares them, from the row of the step. */
  now: (row: string) => string;
}

/** The components of a vector that holds a value for each of so many steps. */
const componentsOf = (steps: number): string[] => ["x", "y", "z", "w"].slice(0, steps);

/**
 * Loads that are begun some steps before they are needed: a GPU takes longer to load a value than to compute a step.
 * The values of several steps stand in a vector, so that a lane waits for them once, and not in every step, when it
 * moves them. Those beyond the last step come from some other row; nobody looks at them.
 *
 * @param steps how many are begun together, 2 or 4; 0: each value is loaded where it is needed
 * @param loads of each variable the WGSL that loads it from a row
 */
export function wideLoads(
  steps: number,
  loads: Readonly<Record<string, (row: string) => string>>,
): WideLoads {
  const each = (text: (name: string, load: (row: string) => string) => string): string =>
    Object.entries(loads)
      .map(([name, load]) => text(name, load))
      .join("\n");
  const now = (row: string): string => each((name, load) => `let ${name} = ${load(row)};`);
  const none = (): string => "";
  if (steps === 0) return { begin: none, refill: none, next: "", now };
  const [first, ...others] = componentsOf(steps);
  const rotated = [...others, first].join("");
  const together = (rows: readonly string[], load: (row: string) => string): string =>
    `vec${steps}f(${rows.map(load).join(", ")})`;
  return {
    begin: (rows) =>
      each(
        (name, load) =>
          `var ${name}Soon = ${together(rows.slice(0, steps), load)}; var ${name}Later = ${together(rows.slice(steps), load)};`,
      ) + `\nvar left = ${steps}u;`,
    refill: (rows) =>
      each((name, load) => `${name}Soon = ${name}Later; ${name}Later = ${together(rows, load)};`),
    next: each((name) => `let ${name} = ${name}Soon.x; ${name}Soon = ${name}Soon.${rotated};`),
    now: none,
  };
}
