/**
 * A recurrent cell: the part that is put into the scan. The scan owns the time loop, the recurrent product,
 * the states and the memory; the cell is element-wise arithmetic between them.
 *
 * With z_g = x_t·kernel_g + bias_g + h_{t-1}·recurrentKernel_g for each gate g, the cell turns z into h.
 */
export interface Cell {
  /** Identifies the cell, its activations included. */
  name: string;
  /** Gates G: the kernels have G·U columns. */
  gates: number;
  /** WGSL functions that the statements below call. */
  functions: string;
  /** WGSL statements h ← z, for one value (`suffix` "") or a vector of four ("4"). */
  forward: (names: { z: string[]; h: string }, suffix: "" | "4") => string;
  /** WGSL statements dz ← dh, from the state h after the step. */
  backward: (names: { dz: string[]; dh: string; h: string }, suffix: "" | "4") => string;
}
