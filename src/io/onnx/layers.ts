import type { LayerPlan } from "../../model/architecture";
import type { Layer } from "../../model/layers";
import { InvalidInputError, describe } from "../../runtime/errors";
import type { Attribute, Graph } from "./graph";

/** The layer's input in the graph, and whether it has an axis of steps. */
interface Input {
  readonly name: string;
  readonly isSequence: boolean;
}

/** A layer's weights in Keras's layout. */
interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

type Trained = Exclude<Layer, { className: "InputLayer" }>;

/** Adds one layer's nodes to the graph and returns its output. A new layer of the engine is one entry more. */
type Translation<Config extends Trained> = (
  graph: Graph,
  layer: LayerPlan & { config: Config },
  weights: readonly Weight[],
  input: Input,
) => string;

/** ONNX's operator of each activation, which are names inside its recurrent operators, too. */
const activations = { tanh: "Tanh", relu: "Relu", sigmoid: "Sigmoid", softmax: "Softmax" } as const;

const translations: { [Name in Trained["className"]]: Translation<Extract<Trained, { className: Name }>> } = {
  Embedding(graph, { name, config }, [embeddings], input) {
    if (config.maskZero) {
      const got = `maskZero (${name})`;
      const remedy = "save it as keras, h5 or tfjs";
      throw new InvalidInputError(describe("saveModel", "layers that ONNX's operators can do", got, remedy));
    }
    const table = graph.constant(embeddings.name, embeddings.shape, embeddings.data);
    return graph.node("Gather", [table, input.name], { axis: { int: 0 } });
  },

  /** X [T, B, E], W [1, U, E], R [1, U, U], B [1, 2U]: the transposes of Keras's. */
  SimpleRNN(graph, { name, config }, [kernel, recurrent, bias], input) {
    const { units, activation, goBackwards, returnSequences } = config;
    const features = kernel.shape[0];
    const w = graph.constant(kernel.name, [1, units, features], transposed(kernel));
    const r = graph.constant(recurrent.name, [1, units, units], transposed(recurrent));
    const b = bias ? graph.constant(bias.name, [1, 2 * units], withZeros(bias.data)) : "";
    const steps = stepsFirst(graph, name, input, goBackwards);
    // ONNX has no name for no activation: it is Affine, 1 · x + 0.
    const cell: Record<string, Attribute> =
      activation === "linear"
        ? {
            activations: { strings: ["Affine"] },
            activation_alpha: { floats: [1] },
            activation_beta: { floats: [0] },
          }
        : { activations: { strings: [activations[activation]] } };
    const attributes = { hidden_size: { int: units }, ...cell };
    if (!returnSequences) {
      const last = graph.node("RNN", [steps, w, r, b], attributes, `${name}/last`, [""]);
      return graph.node("Squeeze", [last, graph.integers(`${name}/direction`, [0])]);
    }
    const all = graph.node("RNN", [steps, w, r, b], attributes);
    const states = graph.node("Squeeze", [all, graph.integers(`${name}/direction`, [1])]);
    return graph.node("Transpose", [states], { perm: { ints: [1, 0, 2] } });
  },

  Dense(graph, { config }, [kernel, bias], input) {
    const w = graph.constant(kernel.name, kernel.shape, kernel.data);
    const b = bias ? [graph.constant(bias.name, bias.shape, bias.data)] : [];
    const product = input.isSequence
      ? b.reduce((sum, term) => graph.node("Add", [sum, term]), graph.node("MatMul", [input.name, w]))
      : graph.node("Gemm", [input.name, w, ...b]);
    if (config.activation === "linear") return product;
    const attributes = config.activation === "softmax" ? { axis: { int: -1 } } : undefined;
    return graph.node(activations[config.activation], [product], attributes);
  },
};

/** Adds a layer's nodes to the graph, and returns the name of its output. */
export function addLayer(graph: Graph, layer: LayerPlan, weights: readonly Weight[], input: Input): string {
  const translate = translations[layer.config.className] as Translation<Trained>;
  return translate(graph, layer, weights, input);
}

/** [B, T, E] → [T, B, E]; reversed where Keras goes backwards, for then it returns the states in that order. */
function stepsFirst(graph: Graph, layer: string, input: Input, goBackwards: boolean): string {
  const steps = graph.node("Transpose", [input.name], { perm: { ints: [1, 0, 2] } });
  if (!goBackwards) return steps;
  const integers = (name: string, value: number): string => graph.integers(`${layer}/${name}`, [value]);
  const [lowest, axis, step] = [-(2 ** 31), 0, -1];
  return graph.node("Slice", [
    steps,
    integers("from", -1),
    integers("to", lowest),
    integers("axis", axis),
    integers("step", step),
  ]);
}

function transposed({ shape: [rows, columns], data }: Weight): Float32Array {
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      result[column * rows + row] = data[row * columns + column];
  }
  return result;
}

/** ONNX adds a bias for the input and one for the state; Keras has the first alone. */
function withZeros(bias: Float32Array): Float32Array {
  const both = new Float32Array(2 * bias.length);
  both.set(bias);
  return both;
}
