/** The states of a bidirectional layer's two runs, sample after sample; one of s steps takes s + 1 rows. */
export interface MergeShape {
  readonly units: number;
  readonly mode: "concat" | "sum" | "mul" | "ave";
  readonly sequences: boolean;
  readonly lengths: readonly number[];
  /** Of all samples' steps, one after another: where it is 0 an output is zero. */
  readonly tokens?: ArrayLike<number>;
}

/** One step, or the last states: from which rows it is made, and to which it goes. */
interface Place {
  readonly ahead: number;
  readonly back: number;
  readonly to: number;
  /** Rows of the derivatives by the two. */
  readonly toF: number;
  readonly toB: number;
  readonly masked: boolean;
}

/** The run backwards keeps its states in the order of computation: the last step's first. */
function placesOf({ lengths, sequences, tokens }: MergeShape): Place[] {
  const places: Place[] = [];
  let [row, token] = [0, 0];
  lengths.forEach((steps, i) => {
    const last = row + steps;
    if (!sequences) places.push({ ahead: last, back: last, to: i, toF: i, toB: i, masked: false });
    for (let t = 0; sequences && t < steps; t++) {
      const [ahead, back] = [row + 1 + t, row + steps - t];
      places.push({ ahead, back, to: ahead, toF: ahead, toB: back, masked: tokens?.[token + t] === 0 });
    }
    token += steps;
    row += steps + 1;
  });
  return places;
}

const rowsOf = ({ lengths, sequences }: MergeShape): number =>
  sequences ? lengths.reduce((sum, steps) => sum + steps + 1, 0) : lengths.length;

/**
 * Merges the two runs: side by side or element by element; zero at masked steps and before first ones.
 *
 * @param f [N][U], in token order
 * @param b [N][U], in the order of computation
 * @returns [N or B][U or 2·U]
 */
export function mergeDirections(f: ArrayLike<number>, b: ArrayLike<number>, shape: MergeShape): Float64Array {
  const { units, mode } = shape;
  const width = mode === "concat" ? 2 * units : units;
  const out = new Float64Array(rowsOf(shape) * width);
  for (const { ahead, back, to, masked } of placesOf(shape)) {
    for (let u = 0; u < units && !masked; u++) {
      const [x, y] = [f[ahead * units + u], b[back * units + u]];
      if (mode === "concat") {
        out[to * width + u] = x;
        out[to * width + units + u] = y;
      } else {
        out[to * width + u] = { sum: x + y, mul: x * y, ave: (x + y) / 2 }[mode];
      }
    }
  }
  return out;
}

/** The derivatives by the two runs, each in its own order. */
export function mergeDirectionsGradient(
  d: ArrayLike<number>,
  f: ArrayLike<number>,
  b: ArrayLike<number>,
  shape: MergeShape,
): { df: Float64Array; db: Float64Array } {
  const { units, mode } = shape;
  const width = mode === "concat" ? 2 * units : units;
  const [df, db] = [0, 1].map(() => new Float64Array(rowsOf(shape) * units));
  for (const { ahead, back, to, toF, toB, masked } of placesOf(shape)) {
    for (let u = 0; u < units && !masked; u++) {
      const first = d[to * width + u];
      const second = mode === "concat" ? d[to * width + units + u] : first;
      const factors = {
        concat: [1, 1],
        sum: [1, 1],
        ave: [0.5, 0.5],
        mul: [b[back * units + u], f[ahead * units + u]],
      };
      df[toF * units + u] = first * factors[mode][0];
      db[toB * units + u] = second * factors[mode][1];
    }
  }
  return { df, db };
}
