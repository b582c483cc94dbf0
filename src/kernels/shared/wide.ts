import { unroll } from "../../runtime/wgsl";

/** A lane's products with its column (or row) of a matrix, for each gate. */
export interface WideProduct {
  /** WGSL: what stays in registers; to be put where `unit` is the lane's own. */
  declare: (gates: readonly number[]) => string;
  /** WGSL: sums ← sums + Σ_k values[base + k] · element(k, gate), for each gate. */
  add: (gates: readonly number[], sumOf: (gate: number) => string, values: string, base: string) => string;
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
      add: (gates, sumOf, values, base) =>
        gates.length === 0
          ? ""
          : `for (var k = 0u; k < ${count}u; k++) {
        let v = ${values}[${base} + k];
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
    add: (gates, sumOf, values, base) =>
      gates.length === 0
        ? ""
        : `{
      ${gates.map((gate) => `var sums${gate} = vec4f();`).join(" ")}
      ${unroll(vectors, (i) => {
        const v = four((c) => `${values}[${base} + ${4 * i + c}u]`);
        return `{ let v = ${v}; ${gates.map((gate) => `sums${gate} += v * ${weight(gate, i)};`).join(" ")} }`;
      })}
      ${gates.map((gate) => `${sumOf(gate)} += (sums${gate}.x + sums${gate}.y) + (sums${gate}.z + sums${gate}.w);`).join("\n")}
    }`,
  };
}
