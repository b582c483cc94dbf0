import { recurrentOf } from "../../model/architecture";
import type { LayerPlan } from "../../model/architecture";
import { gatesOf } from "../../model/layer-weights";
import { isRecord } from "../stored-model";
import type { KerasLayer } from "./functional";

/** Keras 2's layers for cuDNN, which compute what these do with these settings. */
const equivalents: Readonly<Record<string, { className: string; settings: object }>> = {
  CuDNNLSTM: { className: "LSTM", settings: { activation: "tanh", recurrent_activation: "sigmoid" } },
  CuDNNGRU: {
    className: "GRU",
    settings: { activation: "tanh", recurrent_activation: "sigmoid", reset_after: true },
  },
};

/** A layer for cuDNN as the layer that computes the same, in a wrapper, too; any other as it is. */
export function withoutCudnn(layer: KerasLayer): KerasLayer {
  if (layer.className === "Bidirectional") return withInner(layer);
  if (!Object.hasOwn(equivalents, layer.className)) return layer;
  const { className, settings } = equivalents[layer.className];
  return { ...layer, className, config: { ...layer.config, ...settings } };
}

function withInner(wrapper: KerasLayer): KerasLayer {
  const inner = Object.entries(wrapper.config).map(([key, value]): [string, unknown] => {
    if (!isRecord(value) || typeof value.class_name !== "string" || !isRecord(value.config))
      return [key, value];
    // Its own class alone: a wrapper in a wrapper is refused, however deep it goes.
    if (!Object.hasOwn(equivalents, value.class_name)) return [key, value];
    const { className, config } = withoutCudnn({ className: value.class_name, config: value.config });
    return [key, { ...value, class_name: className, config }];
  });
  return { ...wrapper, config: Object.fromEntries(inner) };
}

/**
 * Whether a bias has cuDNN's shape: one vector of an input's and a state's bias for each gate. Keras itself tells
 * its layers' weights apart by nothing else.
 */
export function hasCudnnBias({ config }: LayerPlan, shape: readonly number[]): boolean {
  const recurrent = recurrentOf(config);
  return (
    recurrent !== undefined &&
    shape.length === 1 &&
    shape[0] === 2 * gatesOf[recurrent.className] * recurrent.units
  );
}

/** The shape of cuDNN's bias where Keras has `shape`. */
export function cudnnBiasShape(shape: readonly number[]): readonly number[] {
  return [shape.length === 2 ? shape[0] * shape[1] : 2 * shape[0]];
}

/**
 * A weight of cuDNN's layout in Keras's. Gates have the same order; each gate's kernel is transposed, and that of the
 * input is still stored with the rows and columns that it had before.
 *
 * @param kind its name in the layer
 * @param shape in Keras's layout: [inputs, gates·units], [units, gates·units], or the bias's
 * @see https://github.com/keras-team/keras/blob/v2.12.0/keras/saving/legacy/hdf5_format.py `_convert_rnn_weights`
 */
export function fromCudnn(
  kind: string,
  shape: readonly number[],
  config: LayerPlan["config"],
  data: Float32Array,
): Float32Array {
  const units = recurrentOf(config)?.units ?? 1;
  if (kind === "bias") return shape.length === 1 ? sumOfHalves(data) : data;
  const [rows, columns] = shape;
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const gate = Math.floor(column / units) * units;
      // Where the value stands in its gate's [rows, units] block, read row by row.
      const place = row + rows * (column - gate);
      const from = Math.floor(place / units) * columns + gate + (place % units);
      result[row * columns + column] = data[from];
    }
  }
  return result;
}

/** An LSTM adds both biases in the same place. */
function sumOfHalves(data: Float32Array): Float32Array {
  const half = data.length / 2;
  return Float32Array.from({ length: half }, (_, i) => data[i] + data[half + i]);
}
