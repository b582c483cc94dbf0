import { gatesOf } from "../../model/layer-weights";
import type { BidirectionalConfig, MergeMode, RecurrentLayer } from "../../model/layers";
import { invalid } from "../../runtime/errors";
import { cellAttributes } from "./activations";
import type { Graph } from "./graph";
import { gathered, reversedMask, reversedSteps, scattered } from "./mask";
import type { Input, Weight } from "./parts";

/** Operator, and for each of its gates the place that Keras has it in. ONNX: LSTM i, o, f, c; GRU z, r, h. */
const operators = {
  SimpleRNN: { operator: "RNN", gates: [0] },
  LSTM: { operator: "LSTM", gates: [0, 3, 1, 2] },
  GRU: { operator: "GRU", gates: [0, 1, 2] },
} as const;

/** A recurrent layer, or the two of a bidirectional one. */
interface Scan {
  readonly name: string;
  readonly config: RecurrentLayer;
  /** Kernel, recurrent kernel and bias of each direction. */
  readonly directions: readonly (readonly Weight[])[];
  readonly mergeMode: MergeMode | undefined;
}

/** Adds a recurrent layer: [batch, steps, features] → [batch, steps, units] or [batch, units]. */
export function addRecurrent(
  graph: Graph,
  { name, config }: { name: string; config: RecurrentLayer },
  weights: readonly Weight[],
  input: Input,
): string {
  return addScan(graph, { name, config, directions: [weights], mergeMode: undefined }, input);
}

/** Adds both directions of a recurrent layer as one operator. */
export function addBidirectional(
  graph: Graph,
  { name, config }: { name: string; config: BidirectionalConfig },
  weights: readonly Weight[],
  input: Input,
): string {
  const half = weights.length / 2;
  const directions = [weights.slice(0, half), weights.slice(half)];
  return addScan(graph, { name, config: config.layer, directions, mergeMode: config.mergeMode }, input);
}

/**
 * X [steps, batch, features], W [directions, gates·units, features], R [directions, gates·units, units],
 * B [directions, 2·gates·units]: the transposes of Keras's. Where Keras goes backwards, the steps are turned
 * round before: it returns them in that order, too.
 */
function addScan(graph: Graph, scan: Scan, input: Input): string {
  const { name, config, directions, mergeMode } = scan;
  refuseStateful(name, config);
  const turned = config.goBackwards ? reversedSteps(graph, input.name) : input.name;
  const mask = input.mask && config.goBackwards ? reversedMask(graph, input.mask) : input.mask;
  const real = mask && gathered(graph, turned, mask);
  const steps = graph.node("Transpose", [real?.steps ?? turned], { perm: { ints: [1, 0, 2] } });
  const inputs = [steps, ...weightsOf(graph, scan), real?.lengths ?? ""];
  const { operator } = operators[config.className];
  const attributes = {
    hidden_size: { int: config.units },
    ...cellAttributes(
      name,
      directions.flatMap(() => activationsOf(config)),
    ),
    ...(mergeMode === undefined ? {} : { direction: { text: "bidirectional" } }),
    ...(config.className === "GRU" ? { linear_before_reset: { int: config.resetAfter ? 1 : 0 } } : {}),
  };
  if (!config.returnSequences) {
    const last = graph.node(operator, inputs, attributes, undefined, [""]);
    return merged(graph, graph.node("Transpose", [last], { perm: { ints: [1, 0, 2] } }), mergeMode, 1);
  }
  const all = graph.node(operator, inputs, attributes);
  const states = graph.node("Transpose", [all], { perm: { ints: [2, 0, 1, 3] } });
  const output = merged(graph, states, mergeMode, 2);
  // Keras zeroes the masked steps of a bidirectional layer, and repeats them in others.
  return mask ? scattered(graph, output, mask, mergeMode === undefined) : output;
}

function refuseStateful(name: string, { stateful }: RecurrentLayer): void {
  if (!stateful) return;
  const remedy = "save it as keras, h5 or tfjs, or build it without stateful";
  throw invalid("saveModel", "layers that ONNX's operators can do", `stateful (${name})`, remedy);
}

function activationsOf(config: RecurrentLayer): RecurrentLayer["activation"][] {
  const { className, activation } = config;
  if (className === "SimpleRNN") return [activation];
  const { recurrentActivation } = config;
  return className === "LSTM"
    ? [recurrentActivation, activation, activation]
    : [recurrentActivation, activation];
}

/** [batch, (steps,) directions, units]: the axis of the directions goes. */
function merged(graph: Graph, output: string, mergeMode: MergeMode | undefined, axis: number): string {
  switch (mergeMode) {
    case undefined:
      return graph.node("Squeeze", [output, graph.integers([axis])]);
    case "concat":
      // 0 keeps the size of an axis.
      return graph.node("Reshape", [output, graph.integers([...Array<number>(axis).fill(0), -1])]);
    case "sum":
      return graph.node("ReduceSum", [output, graph.integers([axis])], { keepdims: { int: 0 } });
    default: {
      const operator = mergeMode === "mul" ? "ReduceProd" : "ReduceMean";
      return graph.node(operator, [output], { axes: { ints: [axis] }, keepdims: { int: 0 } });
    }
  }
}

/** W, R and B; no B where the layer has no bias. */
function weightsOf(graph: Graph, { config, directions }: Scan): string[] {
  const { units } = config;
  const columns = gatesOf[config.className] * units;
  const { gates } = operators[config.className];
  const stacked = (index: number, shape: number[], arrange: (weight: Weight) => Float32Array): string => {
    const parts = directions.map((weights) => arrange(weights[index]));
    return graph.constant(directions[0][index].name, [directions.length, ...shape], joined(parts));
  };
  const matrix = (weight: Weight): Float32Array => transposed(reordered(weight, gates, units));
  const [[kernel]] = directions;
  return [
    stacked(0, [columns, kernel.shape[0]], matrix),
    stacked(1, [columns, units], matrix),
    config.useBias
      ? stacked(2, [2 * columns], (bias) => twoBiases(reordered(bias, gates, units).data, columns))
      : "",
  ];
}

/** ONNX adds a bias for the input and one for the state; Keras has the second in GRU alone. */
function twoBiases(bias: Float32Array, columns: number): Float32Array {
  const both = new Float32Array(2 * columns);
  both.set(bias);
  return both;
}

/** The columns of each gate in ONNX's order. */
function reordered({ name, shape, data }: Weight, gates: readonly number[], units: number): Weight {
  const columns = gates.length * units;
  const moved = new Float32Array(data.length);
  for (let begin = 0; begin < data.length; begin += columns) {
    gates.forEach((from, to) => {
      moved.set(data.subarray(begin + from * units, begin + (from + 1) * units), begin + to * units);
    });
  }
  return { name, shape, data: moved };
}

function transposed({ shape: [rows, columns], data }: Weight): Float32Array {
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = data[row * columns + column];
    }
  }
  return result;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
