import { isRecord } from "../stored-model";

/** Entries whose numbers Python must read as floats: Keras refuses a whole number there, or computes with integers. */
const floats: ReadonlySet<string> = new Set([
  // Optimizers.
  ...["learning_rate", "weight_decay", "clipnorm", "global_clipnorm", "clipvalue"],
  ...["rho", "momentum", "epsilon", "beta_1", "beta_2"],
  // Schedules.
  ...["initial_learning_rate", "decay_rate", "values", "end_learning_rate", "power", "alpha"],
  ...["warmup_target", "t_mul", "m_mul"],
  // Layers, initialisers and regularisers.
  ...["rate", "dropout", "recurrent_dropout", "mask_value"],
  ...["value", "mean", "stddev", "minval", "maxval", "gain", "l1", "l2"],
]);

/**
 * A configuration as JSON for Keras. As `JSON.stringify`, but `0` is written as `0.0` where Keras has floats: Python
 * takes the one for an integer, and JavaScript knows no difference.
 *
 * @param key the entry that the value stands in
 */
export function kerasJson(value: unknown, key = ""): string {
  if (Array.isArray(value)) return `[${value.map((entry) => kerasJson(entry, key)).join(",")}]`;
  if (isRecord(value)) {
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
    return `{${entries.map(([name, entry]) => `${JSON.stringify(name)}:${kerasJson(entry, name)}`).join(",")}}`;
  }
  const text = JSON.stringify(value);
  return floats.has(key) && /^-?\d+$/.test(text) ? `${text}.0` : text;
}
