import type { DenseActivation } from "../../model/layers";
import { invalid } from "../../runtime/errors";
import type { Pointwise } from "../keras/activations";
import type { Attribute, Graph } from "./graph";

/** An activation inside a recurrent operator; those with alpha and beta take theirs from a list. */
interface CellActivation {
  readonly name: string;
  readonly alpha?: number;
  readonly beta?: number;
}

const sixth = 1 / 6;

/** ONNX has no name for no activation: it is Affine, 1 · x + 0. */
const cellActivations: Partial<Record<Pointwise, CellActivation>> = {
  linear: { name: "Affine", alpha: 1, beta: 0 },
  tanh: { name: "Tanh" },
  relu: { name: "Relu" },
  sigmoid: { name: "Sigmoid" },
  hardSigmoid: { name: "HardSigmoid", alpha: sixth, beta: 0.5 },
  hardSigmoidKeras2: { name: "HardSigmoid", alpha: 0.2, beta: 0.5 },
  leakyRelu: { name: "LeakyRelu", alpha: 0.2 },
  elu: { name: "Elu", alpha: 1 },
  softplus: { name: "Softplus" },
  softsign: { name: "Softsign" },
};

/**
 * The attributes of a recurrent operator that say its activations.
 *
 * @param layer its name, for messages
 * @throws InvalidInputError where ONNX's recurrent operators have no such activation
 */
export function cellAttributes(layer: string, names: readonly Pointwise[]): Record<string, Attribute> {
  const cells = names.map((name) => {
    const found = cellActivations[name];
    if (found) return found;
    const expected = `activations among ${Object.keys(cellActivations).join(", ")} in ${layer}`;
    throw invalid(
      "saveModel",
      `${expected}, as ONNX's recurrent operators have`,
      name,
      "save it as keras or h5",
    );
  });
  const list = (values: (number | undefined)[]): number[] => values.filter((value) => value !== undefined);
  const [alpha, beta] = [list(cells.map((cell) => cell.alpha)), list(cells.map((cell) => cell.beta))];
  return {
    activations: { strings: cells.map(({ name }) => name) },
    ...(alpha.length > 0 ? { activation_alpha: { floats: alpha } } : {}),
    ...(beta.length > 0 ? { activation_beta: { floats: beta } } : {}),
  };
}

/** A node that applies an activation to each value: its operator and attributes. */
interface Operator {
  readonly operator: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

const operators: Record<Exclude<DenseActivation, "linear" | "hardTanh" | "relu6">, Operator> = {
  tanh: { operator: "Tanh" },
  relu: { operator: "Relu" },
  sigmoid: { operator: "Sigmoid" },
  softmax: { operator: "Softmax", attributes: { axis: { int: -1 } } },
  hardSigmoid: { operator: "HardSigmoid", attributes: { alpha: { float: sixth }, beta: { float: 0.5 } } },
  hardSigmoidKeras2: { operator: "HardSigmoid", attributes: { alpha: { float: 0.2 }, beta: { float: 0.5 } } },
  leakyRelu: { operator: "LeakyRelu", attributes: { alpha: { float: 0.2 } } },
  elu: { operator: "Elu" },
  selu: {
    operator: "Selu",
    attributes: { alpha: { float: 1.6732632423543772 }, gamma: { float: 1.0507009873554805 } },
  },
  softplus: { operator: "Softplus" },
  softsign: { operator: "Softsign" },
  exponential: { operator: "Exp" },
};

const clips = { hardTanh: [-1, 1], relu6: [0, 6] } as const;

/** Adds an activation's node to the graph; returns the name of its output. */
export function addActivation(graph: Graph, activation: DenseActivation, input: string): string {
  switch (activation) {
    case "linear":
      return input;
    case "hardTanh":
    case "relu6": {
      const limits = clips[activation].map((limit) => graph.scalar(limit));
      return graph.node("Clip", [input, ...limits]);
    }
    default: {
      const { operator, attributes } = operators[activation];
      return graph.node(operator, [input], attributes);
    }
  }
}
