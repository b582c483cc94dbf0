import { reads, uniform, writes, type Binding } from "../runtime/kernel";
import { biasVectors, sourceBindings, type ScanBackwardOptions, type ScanForwardOptions } from "./scan";
import { maskBindings } from "./shared/mask";

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

/** The bindings that both shapes of the forward scan share. */
export function forwardBindings(
  options: ScanForwardOptions,
  state: string,
  gates: string,
): Record<string, Binding> {
  const { units, cell } = options;
  const stores = keptBindings(options);
  return {
    step: uniform("Step"),
    chunk: uniform("Chunk"),
    segments: reads("array<Segment>"),
    ...sourceBindings(options),
    projected: reads(gates),
    recurrentKernel: reads(),
    ...(options.recurrentBias ? { bias: uniform(`array<vec4f, ${biasVectors(units, cell.gates)}>`) } : {}),
    h: writes(state),
    ...(cell.memory ? { c: writes(state) } : {}),
    ...(stores.gates ? { gates: writes(gates) } : {}),
    ...(stores.extra ? { extra: writes(state) } : {}),
    ...(stores.inputs ? { inputs: writes(state) } : {}),
  };
}

/** Whether a backward scan reads the states h. */
export function readsStates(options: ScanBackwardOptions): boolean {
  return !options.cell.memory;
}

/** The bindings that both shapes of the backward scan share. */
export function backwardBindings(
  options: ScanBackwardOptions,
  state: string,
  dz: string,
): Record<string, Binding> {
  const { cell, sequences, masked } = options;
  return {
    step: uniform("Step"),
    chunk: uniform("Chunk"),
    segments: reads("array<Segment>"),
    ...maskBindings(masked),
    recurrentKernel: reads(),
    ...(readsStates(options) ? { h: reads(state) } : {}),
    ...(cell.memory ? { c: reads(state) } : {}),
    ...(sequences ? { dSequence: reads(state) } : { dLast: reads(state) }),
    dz: writes(dz),
    ...(cell.lastGate === "product" ? { extra: writes(state) } : {}),
    dOrigin: writes(state),
  };
}
