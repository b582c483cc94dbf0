import { reads, uniform, writes, type Binding } from "../runtime/kernel";
import type { ScanBackwardOptions, ScanForwardOptions, ScanOptions } from "./scan";

/** What a forward scan stores for the backward pass beside the states. */
export function keptBindings({ cell, keep, dropout }: ScanForwardOptions): {
  gates: boolean;
  extra: boolean;
  inputs: boolean;
} {
  return {
    gates: keep && cell.keepsGates,
    extra: keep && cell.lastGate !== undefined,
    inputs: keep && dropout > 0,
  };
}

/** The bindings of the forward scans. */
export function forwardBindings(
  { units, cell }: ScanOptions,
  state: string,
  gates: string,
): Record<string, Binding> {
  return {
    slots: reads("array<u32>"),
    projected: reads(gates),
    // That of the recurrent product lies behind the input's.
    bias: uniform(`array<vec4f, ${Math.ceil((2 * cell.gates * units) / 4)}>`),
    h: writes(state),
    c: writes(state),
    gates: writes(gates),
    extra: writes(state),
    inputs: writes(state),
  };
}

/** Whether a backward scan reads the states h. */
export function readsStates(options: ScanBackwardOptions): boolean {
  return !options.cell.memory;
}

/** The bindings of the backward scans. */
export function backwardBindings(state: string, dz: string): Record<string, Binding> {
  return {
    h: reads(state),
    c: reads(state),
    dSequence: reads(state),
    dLast: reads(state),
    dz: writes(dz),
    extra: writes(state),
    dOrigin: writes(state),
  };
}
