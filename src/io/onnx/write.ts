import { planArchitecture } from "../../model/architecture";
import type { Architecture } from "../../model/architecture";
import type { Layer } from "../../model/layers";
import { weightsOf } from "../stored-model";
import type { Snapshot } from "../stored-model";
import { Graph } from "./graph";
import type { Dimension } from "./graph";
import { addLayer } from "./layers";
import type { Input } from "./parts";
import { tokenMask, valueMask } from "./mask";
import type { Mask } from "./mask";

/**
 * An ONNX file: input `tokens` int32 [batch, steps], output `output` float [batch, columns], or
 * [batch, steps, columns] where the model returns sequences.
 *
 * @throws InvalidInputError when ONNX has no operator for what a layer does
 * @see https://onnx.ai/onnx/operators/onnx__RNN.html
 */
export function writeOnnx({ config, weights, metadata }: Snapshot): Uint8Array<ArrayBuffer> {
  const architecture = planArchitecture(config.layers);
  const graph = new Graph();
  const input = { name: "tokens", shape: ["batch", architecture.steps ?? "steps"] satisfies Dimension[] };
  let current: Input = { name: input.name, isSequence: true, mask: undefined };
  for (const layer of architecture.layers) {
    const name = addLayer(graph, layer, weightsOf(layer, weights), current);
    const isSequence = layer.outputShape(architecture.steps ?? null).length === 3;
    current = { name, isSequence, mask: maskAfter(graph, layer.config, input.name, current) };
  }
  const output = graph.node("Identity", [current.name], {}, "output");
  const { length, [length - 1]: last } = architecture.layers;
  const [, ...sizes] = last.outputShape(architecture.steps ?? null);
  const shape: Dimension[] = ["batch", ...sizes.map((size) => size ?? stepsLeft(architecture))];
  return graph.toFile({
    name: config.name ?? "sequential",
    input,
    output: { name: output, shape },
    metadata,
  });
}

/** The embedding or a masking layer makes the mask, layers that see each step alone pass it on, all others use it up. */
function maskAfter(graph: Graph, config: Layer, tokens: string, before: Input): Mask | undefined {
  switch (config.className) {
    case "Embedding":
      return config.maskZero ? tokenMask(graph, tokens) : undefined;
    case "Masking":
      return valueMask(graph, before.name, config.maskValue);
    case "Dense":
    case "TimeDistributed":
    case "Dropout":
    case "SpatialDropout1D":
      return before.mask;
    default:
      return undefined;
  }
}

/** The name of the number of steps that come out: another than of those that go in where windows slide. */
function stepsLeft({ layers }: Architecture): string {
  const hasWindows = layers.some(({ config: { className } }) => /^(Conv|MaxPooling)/.test(className));
  return hasWindows ? "output_steps" : "steps";
}
