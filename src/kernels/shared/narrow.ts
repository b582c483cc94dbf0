import { unroll } from "../../runtime/wgsl";

/**
 * Lanes of a workgroup in the narrow shape. Adapters that want this shape run the lanes of one SIMD group
 * in step (4 on SwiftShader, 8 on lavapipe) and workgroups side by side on the processor's cores.
 */
export const narrowSize = 8;

/** Workgroups among which a narrow kernel shares its rows: more than the cores of any such adapter. */
export const narrowWorkgroups = 16;

/** Invocations among which a narrow kernel shares its rows. */
export const narrowLanes = narrowSize * narrowWorkgroups;

/** A matrix is kept by each invocation up to this size: beyond, shaders compile too slowly. */
export const maxOwnMatrix = 64 * 64;

/** Partial sums are kept as well up to this size: both must stay in the first-level cache. */
export const maxOwnSums = 32 * 32;

/** Vectors of four that a narrow kernel takes of a row at a time. */
const mostVectors = 8;

/** The largest number, up to `most`, that divides `count`. */
export function largestDivisor(count: number, most = mostVectors): number {
  let divisor = Math.min(count, most);
  while (count % divisor > 0) divisor--;
  return divisor;
}

/**
 * Columns of each of the equal parts in which a kernel over few rows takes a wide matrix: shaders compile in a time
 * that grows faster than their text. All of them where they make no such parts.
 */
export function columnsOfPart(columns: number): number {
  if (columns % 4 > 0) return columns;
  const vectors = largestDivisor(columns / 4);
  return vectors < mostVectors / 2 ? columns : 4 * vectors;
}

/**
 * WGSL: the invocation's own copy of a matrix, `name[row · vectors + i]` holding columns 4i to 4i + 3; zero
 * beyond the last column. Unrolled text then reads it at constant places, which such adapters turn into
 * plain vector loads; a load from a buffer costs them as much as a dozen multiplications.
 *
 * @param element WGSL for the element of the variables `row` and `column`
 */
export function ownMatrix(name: string, rows: number, columns: number, element: string): string {
  const vectors = Math.ceil(columns / 4);
  return `var ${name}: array<vec4f, ${rows * vectors}>;
  for (var row = 0u; row < ${rows}u; row++) {
    for (var column = 0u; column < ${columns}u; column++) {
      ${name}[row * ${vectors}u + column / 4u][column % 4u] = ${element};
    }
  }`;
}

/**
 * WGSL: an array of vectors, all zero, that stays in memory, for a loop fills it. What a text uses all over must not be a
 * variable: SwiftShader gives its registers to those that are used most, and the sums of products would go without.
 */
export function declareStored(name: string, vectors: number): string {
  return `var ${name}: array<vec4f, ${vectors}>;
  for (var i = 0u; i < ${vectors}u; i++) { ${name}[i] = vec4f(); }`;
}

/**
 * WGSL: sum ← sum + vector `i` of x·matrix, x an array of vectors.
 *
 * @param inputs elements of x
 * @param vectors of a row of the matrix
 */
export function addProduct(
  sum: string,
  x: string,
  inputs: number,
  matrix: string,
  vectors: number,
  i: number,
): string {
  return unroll(inputs, (k) => `${sum} += ${x}[${k >> 2}][${k & 3}] * ${matrix}[${k * vectors + i}];`);
}

/**
 * WGSL: sums of outer products, all zero. They are an array, not variables: what is carried round a loop
 * in variables is merged lane by lane at its end, whether it changed or not. The zeros are written out: declared in a
 * loop without them, SwiftShader's array keeps what it held the round before.
 */
export function declareSums(name: string, rows: number, columns: number): string {
  return `var ${name} = array<vec4f, ${rows * Math.ceil(columns / 4)}>();`;
}

/** WGSL: sums ← sums + Σ xᵀ·d over pairs of rows, arrays of vectors. */
export function addOuterProducts(
  sums: string,
  rows: number,
  columns: number,
  pairs: readonly { x: string; d: string }[],
): string {
  const vectors = Math.ceil(columns / 4);
  return unroll(rows, (row) =>
    unroll(vectors, (i) => {
      const terms = pairs.map(({ x, d }) => `${x}[${row >> 2}][${row & 3}] * ${d}[${i}]`);
      return `${sums}[${row * vectors + i}] += ${terms.join(" + ")};`;
    }),
  );
}

/**
 * WGSL: stores all vectors of sums from vector `base` on.
 *
 * @param length vectors from row to row; those of the sums, one behind the other, unless given
 */
export function storeSums(
  sums: string,
  rows: number,
  columns: number,
  into: string,
  base: string,
  length = Math.ceil(columns / 4),
): string {
  const vectors = Math.ceil(columns / 4);
  const to = length === vectors ? "i" : `i / ${vectors}u * ${length}u + i % ${vectors}u`;
  return `for (var i = 0u; i < ${rows * vectors}u; i++) { ${into}[${base} + ${to}] = ${sums}[i]; }`;
}

/** WGSL: the opposite of `storeSums`. */
export function loadSums(sums: string, rows: number, columns: number, from: string, base: string): string {
  const vectors = rows * Math.ceil(columns / 4);
  return `for (var i = 0u; i < ${vectors}u; i++) { ${sums}[i] = ${from}[${base} + i]; }`;
}

/** Names `prefix0`, `prefix1`, … */
export const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);
