/**
 * Rows of a matrix taken four values at a time, for any width. A row may consist of several parts of equal
 * width (one for each gate). Where that width is a multiple of four the binding is an array of vectors;
 * elsewhere it is an array of scalars, and what lies beyond a part's end reads as zero and is not stored.
 */
export interface RowAccess {
  /** The binding's WGSL type. */
  type: string;
  /** Vectors of four per part, the last one padded. */
  vectors: number;
  /** WGSL: where a row begins, to be kept in a variable and passed as `base`. */
  base: (row: string) => string;
  /** WGSL: vector `i` of a part of the row at `base`. */
  load: (base: string, i: number, part?: number) => string;
  /** WGSL: statement that stores vector `i` of a part. */
  store: (base: string, i: number, value: string, part?: number) => string;
}

export function rowAccess(name: string, width: number, parts = 1): RowAccess {
  const vectors = Math.ceil(width / 4);
  const whole = width % 4 === 0;
  const length = whole ? vectors : width;
  const at = (base: string, i: number, part: number): string => `${name}[${base} + ${part * length + i}u]`;
  const columns = (i: number): number[] => [0, 1, 2, 3].map((c) => 4 * i + c);
  return {
    type: whole ? "array<vec4f>" : "array<f32>",
    vectors,
    base: (row) => `(${row}) * ${length * parts}u`,
    load: (base, i, part = 0) =>
      whole
        ? at(base, i, part)
        : `vec4f(${columns(i)
            .map((column) => (column < width ? at(base, column, part) : "0.0"))
            .join(", ")})`,
    store: (base, i, value, part = 0) =>
      whole
        ? `${at(base, i, part)} = ${value};`
        : columns(i)
            .filter((column) => column < width)
            .map((column) => `${at(base, column, part)} = ${value}[${column % 4}];`)
            .join(" "),
  };
}

/**
 * WGSL: elements (row, column) to (row, column + 3) of a matrix in a uniform buffer of vectors, at offsets that are
 * constant once the loops are unrolled; zero beyond the last column.
 */
export function constantVector(name: string, columns: number, row: number, column: number): string {
  const at = row * columns + column;
  if (at % 4 === 0 && column + 4 <= columns) return `${name}[${at / 4}]`;
  const element = (c: number): string =>
    column + c < columns ? `${name}[${(at + c) >> 2}][${(at + c) % 4}]` : "0.0";
  return `vec4f(${[0, 1, 2, 3].map(element).join(", ")})`;
}
