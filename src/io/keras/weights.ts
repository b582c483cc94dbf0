import type { Architecture, LayerPlan } from "../../model/architecture";
import type { NamedWeight } from "../../model/weights";
import type { Hdf5File } from "../hdf5/reader";
import { refused } from "../stored-model";
import { cudnnBiasShape, fromCudnn, hasCudnnBias } from "./cudnn";

/** The layers of a model that have weights, as `.h5` files count them. */
export function layersWithWeights(architecture: Architecture): LayerPlan[] {
  return architecture.layers.filter(({ weights }) => weights.length > 0);
}

/**
 * The weights of one layer from the datasets at `paths`, one for each of the layer's weights, in order.
 *
 * @throws FormatError when there are more or fewer, or one has another shape, other values or another name
 */
export function readLayerWeights(
  file: Hdf5File,
  layer: LayerPlan,
  paths: readonly string[],
  notes: string[],
): NamedWeight[] {
  const keys = layer.weights.map(({ name }) => lastName(name));
  if (paths.length !== keys.length) {
    const expected = `${keys.length} weights of layer "${layer.name}" (${keys.join(", ")})`;
    throw refused(
      expected,
      `${paths.length} (${paths.join(", ")})`,
      "use weights of a model with the same layers",
    );
  }
  const isCudnn = keys.some((key, i) => key === "bias" && hasCudnnBias(layer, file.info(paths[i]).shape));
  return layer.weights.map(({ name, shape }, i) => {
    checkName(keys, i, paths[i]);
    const info = file.info(paths[i]);
    const expected = isCudnn && keys[i] === "bias" ? cudnnBiasShape(shape) : shape;
    if (String(info.shape) !== String(expected)) {
      const remedy = "use weights of a model with the same layers";
      throw refused(`"${paths[i]}" of shape [${expected.join(", ")}]`, `[${info.shape.join(", ")}]`, remedy);
    }
    const { data, dtype } = file.read(paths[i]);
    noteCast(dtype, notes);
    const values = data instanceof Float32Array ? data : new Float32Array(data);
    return { name, shape, data: isCudnn ? fromCudnn(keys[i], shape, layer.config, values) : values };
  });
}

/** The name of a weight without its path and TensorFlow's output number. */
function lastName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/:\d+$/, "");
}

/** Names that say something else than the place they stand in are a sign of another layer's weights. */
function checkName(keys: readonly string[], index: number, path: string): void {
  const name = lastName(path);
  if (name === keys[index] || !keys.includes(name)) return;
  throw refused(
    `${keys[index]} in place ${index}`,
    `"${path}"`,
    "use weights of a model with the same layers",
  );
}

/** States once that values were stored wider or narrower than they are computed with. */
export function noteCast(dtype: string, notes: string[]): void {
  if (dtype.endsWith("f4") || dtype === "float32") return;
  const names: Record<string, string> = { f2: "float16", f8: "float64" };
  const note = `weights stored as ${names[dtype.slice(-2)] ?? dtype} are taken as float32`;
  if (!notes.includes(note)) notes.push(note);
}
