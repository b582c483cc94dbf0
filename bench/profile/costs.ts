import type { Cell } from "../../src/kernels/cells/cell";
import { gruCell } from "../../src/kernels/cells/gru";
import { lstmCell } from "../../src/kernels/cells/lstm";
import { simpleRnnCell } from "../../src/kernels/cells/simple-rnn";
import { optimizerSlots, type OptimizerRule } from "../../src/kernels/optimizer";
import { sumsRecurrentGradient } from "../../src/kernels/scan-backward-narrow";
import type { Activation } from "../../src/kernels/shared/activation";
import type { StepValues } from "../../src/kernels/shared/step";

/** What one dispatch cannot do without. */
export interface Cost {
  /** Multiplications and additions of its sums and products; activations are left out. */
  flop: number;
  /** Each input read once and each output written once, whatever is read again from a cache. */
  bytes: number;
}

/** Sizes of a batch, the steps of the shared padding among them. */
export interface CostSizes extends StepValues {
  prefixSteps: number;
}

type Constants = Readonly<Record<string, string | undefined>>;

/** Bytes of so many four-byte elements. */
const words = (...counts: number[]): number => 4 * counts.reduce((sum, count) => sum + count, 0);

/** The cell of a name like `simpleRnn-tanh`, `lstm-tanh-sigmoid` or `gru-tanh-sigmoid-after`. */
function cellNamed(name = ""): Cell | undefined {
  const [kind, ...rest] = name.split("-");
  const [activation, recurrentActivation] = rest as Activation[];
  if (kind === "simpleRnn") return simpleRnnCell(activation);
  if (kind === "lstm") return lstmCell(activation, recurrentActivation);
  return kind === "gru" ? gruCell(activation, recurrentActivation, rest[2] === "after") : undefined;
}

/** Steps and segments that a part of the scan runs over. */
function extent(
  part: string | undefined,
  { rows, segments, prefixSteps }: CostSizes,
): { steps: number; runs: number } {
  const steps = rows - segments;
  if (part === "prefix") return { steps: prefixSteps, runs: 1 };
  if (part === "samples") return { steps: steps - prefixSteps, runs: segments - 1 };
  return { steps, runs: segments };
}

const unknown: Cost = { flop: NaN, bytes: NaN };

/** h, and c where there is one. */
const statesOf = ({ memory }: Cell): number => (memory ? 2 : 1);

/** Values per unit and step that the forward scan keeps for the backward one, beside the states. */
const keptOf = ({ keepsGates, gates, lastGate }: Cell): number =>
  (keepsGates ? gates : 0) + (lastGate === undefined ? 0 : 1);

/** By the kernel's name, from the constants of its variant; the letters are those of docs/architecture.md. */
const costs: Record<string, (constants: Constants, sizes: CostSizes) => Cost> = {
  embedProject({ width, columns }, { distinct: D }) {
    const [E, J] = [Number(width), Number(columns)];
    return { flop: 2 * D * E * J, bytes: words(D * E, E * J, J, D * J, 3 * D) };
  },

  scanForward({ units, cell: name, part, keep }, sizes) {
    const cell = cellNamed(name);
    if (!cell) return unknown;
    const [U, G] = [Number(units), cell.gates];
    const { steps, runs } = extent(part, sizes);
    const distinct = part === "prefix" ? 1 : sizes.distinct;
    const states = (steps + runs) * U * statesOf(cell);
    const kept = keep === "true" ? steps * keptOf(cell) * U : 0;
    return {
      flop: 2 * steps * U * G * U,
      bytes: words(steps, distinct, distinct * G * U, G * U * U, states, kept, 4 * runs),
    };
  },

  scanBackward({ units, cell: name, part, shape, lanes, sequences, dropout, masked }, sizes) {
    const cell = cellNamed(name);
    if (!cell) return unknown;
    const [U, G] = [Number(units), cell.gates];
    const { steps, runs } = extent(part, sizes);
    const scan = { units: U, cell, dropout: Number(dropout), masked: masked === "true" };
    const sums = shape === "narrow" && sumsRecurrentGradient(scan);
    const partials = sums ? (part === "prefix" ? 1 : Number(lanes)) * U * G * U : 0;
    const incoming = sequences === "true" ? steps * U : part === "prefix" ? 0 : sizes.samples * U;
    const origins = (part === "prefix" ? sizes.samples : runs) * U * statesOf(cell);
    const states = (steps + runs) * U * statesOf(cell);
    return {
      flop: (sums ? 4 : 2) * steps * U * G * U,
      bytes: words(
        states,
        steps * keptOf(cell) * U,
        (steps + runs) * G * U,
        incoming,
        origins,
        G * U * U,
        partials,
        4 * runs,
      ),
    };
  },

  denseSigmoidLoss({ units, train }, { samples: B }) {
    const U = Number(units);
    const training = train === "true";
    return {
      flop: (training ? 6 : 2) * B * U,
      bytes: words(B * U, U, 7 * B, ...(training ? [B * U, U] : [B])),
    };
  },

  sumPartials({ rows, columns, useBias, chunks }) {
    const length = (Number(rows) + (useBias === "true" ? 1 : 0)) * Number(columns);
    return { flop: Number(chunks) * length, bytes: words(Number(chunks) * length, length) };
  },

  sumByToken({ columns }, { rows, segments, tasks }) {
    const J = Number(columns);
    const steps = rows - segments;
    return { flop: steps * J, bytes: words(steps, tasks, steps * J, tasks * J) };
  },

  embeddingGradient({ width, columns, shape, projected }, { distinct: D, tasks: K }) {
    const [E, J] = [Number(width), Number(columns)];
    const narrow = shape === "narrow";
    const product = narrow || projected === "true" ? 2 * D * E * J : 0;
    return {
      flop: K * J + product + (narrow ? 2 * D * E * J : 0),
      bytes: words(2 * D, K * J, product > 0 ? E * J : 0, D * E, narrow ? D * E : 0),
    };
  },

  weightGradient({ inputs, outputs, count, useBias }, sizes) {
    const [K, J] = [Number(inputs), Number(outputs)];
    const rows = sizes[count as "rows" | "samples" | "tasks"];
    return {
      flop: 2 * rows * K * J + (useBias === "true" ? rows * J : 0),
      bytes: words(rows * K, rows * J, K * J),
    };
  },

  clear: ({ bytes }) => ({ flop: 0, bytes: Number(bytes) }),

  optimizer(constants) {
    const P = Number(constants.parameters);
    const rule = Object.fromEntries(
      Object.entries(constants).map(([name, value]) => [name, literal(value)]),
    ) as unknown as OptimizerRule;
    return { flop: 7 * P, bytes: words(P, 2 * P, 2 * optimizerSlots(rule).length * P) };
  },
};

/**
 * The least that a dispatch must compute and move.
 *
 * @param label the kernel with the constants of its variant: `name<constant=value …>`
 * @returns undefined for kernels that the table does not know, or no longer fits
 */
export function costOf(label: string, sizes: CostSizes): Cost | undefined {
  const [, name, list = ""] = /^(\w+)(?:<(.*)>)?$/.exec(label) ?? [];
  const constants = Object.fromEntries(list.split(" ").map((part) => part.split("=") as [string, string]));
  const cost = Object.hasOwn(costs, name ?? "") ? costs[name](constants, sizes) : undefined;
  // A constant that has another name now must not pass for a figure.
  return cost && Number.isFinite(cost.flop) && Number.isFinite(cost.bytes) ? cost : undefined;
}

function literal(text = ""): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}
