import { elementTypes } from "./graph";
import type { Graph } from "./graph";

/**
 * A mask in the graph. A masked step leaves the state as it is: so the steps that count are moved to the front, in
 * their order, the operator runs over as many as there are, and its outputs are moved back.
 */
export interface Mask {
  /** int64 [batch, steps]: 1 where the step counts. */
  readonly counts: string;
}

/** The mask of token ids: all but 0 count. */
export function tokenMask(graph: Graph, tokens: string): Mask {
  const zero = graph.integer(0, elementTypes.int32);
  const isPadding = graph.node("Equal", [tokens, zero]);
  const isToken = graph.node("Not", [isPadding]);
  return { counts: graph.node("Cast", [isToken], { to: { int: elementTypes.int64 } }) };
}

/** The mask of rows: those count that are not `value` throughout. [batch, steps, features] → [batch, steps]. */
export function valueMask(graph: Graph, input: string, value: number): Mask {
  const differs = graph.node("Not", [graph.node("Equal", [input, graph.scalar(value)])]);
  const ones = graph.node("Cast", [differs], { to: { int: elementTypes.int64 } });
  return { counts: graph.node("ReduceMax", [ones], { axes: { ints: [2] }, keepdims: { int: 0 } }) };
}

/** The input with zeros in the steps that do not count. */
export function maskedOut(graph: Graph, input: string, { counts }: Mask): string {
  const weights = graph.node("Cast", [counts], { to: { int: elementTypes.float } });
  return graph.node("Mul", [input, graph.node("Unsqueeze", [weights, graph.integers([2])])]);
}

/** A mask whose steps run the other way. */
export function reversedMask(graph: Graph, { counts }: Mask): Mask {
  return { counts: reversedSteps(graph, counts) };
}

/** [batch, steps, …], the steps from the last to the first. */
export function reversedSteps(graph: Graph, input: string): string {
  const lowest = -(2 ** 31);
  const parts = [[-1], [lowest], [1], [-1]].map((values) => graph.integers(values));
  return graph.node("Slice", [input, ...parts]);
}

/** The steps that count at the front: [batch, steps, features], and how many there are: int32 [batch]. */
export function gathered(graph: Graph, input: string, { counts }: Mask): { steps: string; lengths: string } {
  const axis = graph.integers([1]);
  // A stable order: those that count by their place, the others behind them by theirs.
  const steps = graph.node("Shape", [counts]);
  const width = graph.node("Gather", [steps, graph.integers([1])]);
  const ones = graph.node("ConstantOfShape", [steps], { value: { tensor: 1 } });
  const places = graph.node("CumSum", [ones, graph.integer(1, elementTypes.int64)]);
  const behind = graph.node("Mul", [graph.node("Sub", [ones, counts]), width]);
  const keys = graph.node("Add", [places, behind]);
  const attributes = { largest: { int: 0 }, sorted: { int: 1 } };
  const order = graph.node("TopK", [keys, width], attributes, undefined, [graph.name("sorted")]);
  const length = graph.node("ReduceSum", [counts, axis], { keepdims: { int: 0 } });
  return {
    steps: gatherSteps(graph, input, order),
    lengths: graph.node("Cast", [length], { to: { int: elementTypes.int32 } }),
  };
}

/**
 * Outputs of the steps that count, each back in its place: [batch, steps, features].
 *
 * @param repeat whether a masked step repeats the output before it, zeros before the first; else it is zeros
 */
export function scattered(graph: Graph, output: string, { counts }: Mask, repeat: boolean): string {
  const seen = graph.node("CumSum", [counts, graph.integer(1, elementTypes.int64)]);
  const one = graph.integer(1, elementTypes.int64);
  const zero = graph.integer(0, elementTypes.int64);
  const place = graph.node("Max", [graph.node("Sub", [seen, one]), zero]);
  const placed = gatherSteps(graph, output, place);
  const valid = graph.node("Greater", [repeat ? seen : counts, zero]);
  const wide = graph.node("Unsqueeze", [valid, graph.integers([2])]);
  return graph.node("Where", [wide, placed, graph.scalar(0)]);
}

/** The mean of the steps that count: [batch, features]; zeros where none does, as Keras has it. */
export function maskedMean(graph: Graph, input: string, { counts }: Mask): string {
  const weights = graph.node("Cast", [counts], { to: { int: elementTypes.float } });
  const wide = graph.node("Unsqueeze", [weights, graph.integers([2])]);
  const axis = graph.integers([1]);
  const keep = { keepdims: { int: 0 } };
  const sum = graph.node("ReduceSum", [graph.node("Mul", [input, wide]), axis], keep);
  return graph.node("Div", [sum, graph.node("ReduceSum", [wide, axis], keep)]);
}

/** input[b, indices[b, t]] for every b and t. */
function gatherSteps(graph: Graph, input: string, indices: string): string {
  const deep = graph.node("Unsqueeze", [indices, graph.integers([2])]);
  return graph.node("GatherND", [input, deep], { batch_dims: { int: 1 } });
}
