import type { LayerPlan } from "../../model/architecture";
import type { Conv1dConfig, DenseConfig, Layer, MaxPooling1dConfig } from "../../model/layers";
import { addActivation } from "./activations";
import type { Attribute, Graph } from "./graph";
import { maskedMean, maskedOut, valueMask } from "./mask";
import type { Input, Weight } from "./parts";
import { addBidirectional, addRecurrent } from "./recurrent";

type Trained = Exclude<Layer, { className: "InputLayer" }>;

/** Adds one layer's nodes to the graph and returns its output. A new layer of the engine is one entry more. */
type Translation<Config extends Trained> = (
  graph: Graph,
  layer: LayerPlan & { config: Config },
  weights: readonly Weight[],
  input: Input,
) => string;

const translations: { [Name in Trained["className"]]: Translation<Extract<Trained, { className: Name }>> } = {
  Embedding(graph, _, [embeddings], input) {
    const table = graph.constant(embeddings.name, embeddings.shape, embeddings.data);
    return graph.node("Gather", [table, input.name], { axis: { int: 0 } });
  },
  SimpleRNN: addRecurrent,
  LSTM: addRecurrent,
  GRU: addRecurrent,
  Bidirectional: addBidirectional,
  Dense: (graph, { config }, weights, input) => addDense(graph, config, weights, input),
  TimeDistributed: (graph, { config }, weights, input) => addDense(graph, config.layer, weights, input),
  Masking: (graph, { config }, _, { name }) =>
    maskedOut(graph, name, valueMask(graph, name, config.maskValue)),
  // Dropout is for training alone.
  Dropout: (_graph, _layer, _weights, input) => input.name,
  SpatialDropout1D: (_graph, _layer, _weights, input) => input.name,
  Conv1D: addConvolution,
  MaxPooling1D(graph, { config }, _, input) {
    const window = { kernel_shape: { ints: [config.poolSize] }, ...slide(config) };
    return stepsLast(graph, input.name, (features) => graph.node("MaxPool", [features], window));
  },
  GlobalAveragePooling1D(graph, _layer, _weights, input) {
    if (input.mask) return maskedMean(graph, input.name, input.mask);
    return graph.node("ReduceMean", [input.name], { axes: { ints: [1] }, keepdims: { int: 0 } });
  },
  GlobalMaxPooling1D: (graph, _layer, _weights, input) =>
    graph.node("ReduceMax", [input.name], { axes: { ints: [1] }, keepdims: { int: 0 } }),
  Flatten: (graph, _layer, _weights, input) => graph.node("Flatten", [input.name], { axis: { int: 1 } }),
};

/** Adds a layer's nodes to the graph, and returns the name of its output. */
export function addLayer(graph: Graph, layer: LayerPlan, weights: readonly Weight[], input: Input): string {
  const translate = translations[layer.config.className] as Translation<Trained>;
  return translate(graph, layer, weights, input);
}

function addDense(
  graph: Graph,
  { activation }: DenseConfig,
  [kernel, bias]: readonly Weight[],
  input: Input,
): string {
  const w = graph.constant(kernel.name, kernel.shape, kernel.data);
  const b = (bias as Weight | undefined) ? [graph.constant(bias.name, bias.shape, bias.data)] : [];
  const product = input.isSequence
    ? b.reduce((sum, term) => graph.node("Add", [sum, term]), graph.node("MatMul", [input.name, w]))
    : graph.node("Gemm", [input.name, w, ...b]);
  return addActivation(graph, activation, product);
}

/** W [filters, features, window]; Keras has [window, features, filters]. */
function addConvolution(
  graph: Graph,
  { config }: { config: Conv1dConfig },
  [kernel, bias]: readonly Weight[],
  input: Input,
): string {
  const [window, features, filters] = kernel.shape;
  const data = new Float32Array(kernel.data.length);
  for (let k = 0; k < window; k++) {
    for (let c = 0; c < features; c++) {
      for (let f = 0; f < filters; f++) {
        data[(f * features + c) * window + k] = kernel.data[(k * features + c) * filters + f];
      }
    }
  }
  const w = graph.constant(kernel.name, [filters, features, window], data);
  const b = (bias as Weight | undefined) ? [graph.constant(bias.name, bias.shape, bias.data)] : [];
  const attributes = { kernel_shape: { ints: [window] }, ...slide(config) };
  const output = stepsLast(graph, input.name, (x) => graph.node("Conv", [x, w, ...b], attributes));
  return addActivation(graph, config.activation, output);
}

/** What a window slides over; ONNX's SAME_UPPER puts an odd zero behind, as Keras does. */
function slide(config: Conv1dConfig | MaxPooling1dConfig): Record<string, Attribute> {
  const strides = { ints: [config.strides] };
  if (config.padding === "same") return { strides, auto_pad: { text: "SAME_UPPER" } };
  const before = config.className === "Conv1D" && config.padding === "causal" ? config.kernelSize - 1 : 0;
  return { strides, pads: { ints: [before, 0] } };
}

/** ONNX's windows slide over the last axis: [batch, steps, features] → [batch, features, steps] and back. */
function stepsLast(graph: Graph, input: string, add: (features: string) => string): string {
  const perm = { perm: { ints: [0, 2, 1] } };
  return graph.node("Transpose", [add(graph.node("Transpose", [input], perm))], perm);
}
