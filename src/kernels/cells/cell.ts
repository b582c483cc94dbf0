/**
 * A recurrent cell: the part that is put into the scan. The scan owns the time loop, the recurrent products,
 * the states and the memory; the cell is element-wise arithmetic between them, one unit (or four) at a time.
 *
 * With z_g = x_t·kernel_g + bias_g + h_{t-1}·recurrentKernel_g for each gate g, the cell turns z into h.
 */
export interface Cell {
  /** Identifies the cell, its activations included. */
  name: string;
  /** Gates G: the kernels have G·U columns. */
  gates: number;
  /** Whether there is a second state c, which only its own unit sees. */
  memory: boolean;
  /** Whether the backward pass needs the gates: their activated values are stored where dz goes later. */
  keepsGates: boolean;
  /**
   * What is special about the last gate. `product`: its recurrent product q = h_{t-1}·recurrentKernel_g
   * (+ recurrent bias) is not added to z but handed to the cell. `input`: its recurrent product takes
   * `m`, computed by `reset` from the other gates, in the place of h_{t-1}.
   */
  lastGate?: "product" | "input";
  /** WGSL functions that the statements below call. */
  functions: string;
  /** WGSL statements m ← z; z may be replaced by the activated gate. */
  reset?: (names: CellNames, suffix: Suffix) => string;
  /** WGSL statements h, c ← z, q, and the states before; z becomes the activated gates. */
  forward: (names: CellNames, suffix: Suffix) => string;
  /**
   * WGSL statements dz, direct ← dh. At the start z holds the activated gates, at the end dz. `direct` is
   * the part of dh_{t-1} that does not come through a recurrent product; dc becomes that of the step
   * before; q becomes its own derivative.
   */
  backward: (names: CellDerivativeNames, suffix: Suffix) => string;
  /** WGSL statements that take dm, the derivative by `m`, into dz and `direct`. */
  resetBackward?: (names: CellDerivativeNames & { dm: string }, suffix: Suffix) => string;
}

/** "" for scalars, "4" for vectors of four. */
export type Suffix = "" | "4";

/** Variables of a step. `h` and `c` hold the states before the step, and after it once `forward` is through. */
export interface CellNames {
  z: readonly string[];
  h: string;
  c: string;
  q: string;
  m: string;
}

/** Variables of a step backward; `h` and `c` the states after it. */
export interface CellDerivativeNames {
  z: readonly string[];
  q: string;
  h: string;
  hPrev: string;
  c: string;
  cPrev: string;
  dh: string;
  dc: string;
  direct: string;
}

/** Where the recurrent kernel's gates take their input from: h_{t-1}, or for the last one m. */
export function gatesFrom(cell: Cell, input: "h" | "m"): number[] {
  const gates = Array.from({ length: cell.gates }, (_, gate) => gate);
  const last = cell.gates - 1;
  return gates.filter((gate) => (cell.lastGate === "input" && gate === last ? "m" : "h") === input);
}
