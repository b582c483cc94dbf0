/** What an invocation takes of a row: a column, or four where all rows consist of whole vectors. */
export interface ColumnLanes {
  /** Invocations for each row. */
  across: number;
  /** WGSL: the type of a column's values, and of whole numbers that belong to them. */
  type: string;
  whole: string;
  zero: string;
}

export function columnLanes(width: number): ColumnLanes {
  return width % 4 === 0
    ? { across: width / 4, type: "vec4f", whole: "vec4<u32>", zero: "vec4f()" }
    : { across: width, type: "f32", whole: "u32", zero: "0.0" };
}
