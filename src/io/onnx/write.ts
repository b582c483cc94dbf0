import { planArchitecture } from "../../model/architecture";
import { weightsOf } from "../stored-model";
import type { Snapshot } from "../stored-model";
import { Graph } from "./graph";
import type { Dimension } from "./graph";
import { addLayer } from "./layers";

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
  let output = input.name;
  let isSequence = true;
  for (const layer of architecture.layers) {
    output = addLayer(graph, layer, weightsOf(layer, weights), { name: output, isSequence });
    isSequence = layer.outputShape(null).length === 3;
  }
  output = graph.node("Identity", [output], {}, "output");
  const steps = isSequence ? [architecture.steps ?? "steps"] : [];
  const shape: Dimension[] = ["batch", ...steps, architecture.outputs];
  return graph.toFile({
    name: config.name ?? "sequential",
    input,
    output: { name: output, shape },
    metadata,
  });
}
