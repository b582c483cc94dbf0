import { isRecord, shown } from "../stored-model";

/** Functions of Keras that are the accuracy, each for one kind of labels, and the classes of the same. */
const accuracies = ["binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"];
const accuracyClasses = ["BinaryAccuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy"];

/**
 * The accuracy, where it is among a file's metrics, under `acc` or `accuracy`; a note names the others.
 *
 * @param stored a list, which may hold lists, or an object of such by the outputs' names; names, or what Keras has
 *   written of functions and objects
 * @param weighted those that sample weights count in, which the engine's accuracy has not
 */
export function metricsFromKeras(stored: unknown, weighted: unknown, notes: string[]): string[] {
  const names = metricNames(stored);
  const accuracy = names.find((name) => name === "acc" || name === "accuracy");
  const byWeight = metricNames(weighted).map((name) => `${String(name)} by sample weight`);
  const others = [...names.filter((name) => name !== accuracy), ...byWeight];
  if (others.length > 0) notes.push(`metrics left out: ${others.map(shown).join(", ")}`);
  return accuracy === undefined ? [] : [accuracy];
}

function metricNames(stored: unknown): unknown[] {
  const list: unknown = isRecord(stored) ? Object.values(stored) : stored;
  const flat = Array.isArray(list) ? (list.flat(2) as unknown[]) : [];
  return flat.filter((metric) => metric !== null).map(metricName);
}

function metricName(metric: unknown): unknown {
  if (!isRecord(metric)) return accuracies.includes(metric as string) ? "accuracy" : metric;
  const { class_name: className, config } = metric;
  if (!isRecord(config)) return metricName(config ?? className);
  const { name, fn, threshold = 0.5 } = config;
  if (threshold !== 0.5) return `${String(name)} above ${shown(threshold)}`;
  if (name === "acc" || name === "accuracy") return name;
  const isAccuracy = accuracyClasses.includes(className as string) || accuracies.includes(fn as string);
  return isAccuracy || accuracies.includes(name as string) ? "accuracy" : name;
}
