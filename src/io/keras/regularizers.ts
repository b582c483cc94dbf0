import type { Regularizer } from "../../model/regularizers";
import { isRecord } from "../stored-model";

/** Keras's classes, with the values of arguments that a file leaves out. */
const classes: Readonly<Record<string, Regularizer>> = {
  l1: { l1: 0.01, l2: 0 },
  l2: { l1: 0, l2: 0.01 },
  l1l2: { l1: 0, l2: 0 },
};

/** A regulariser of a Keras file, or undefined where this library has none like it. */
export function regularizerFromKeras(value: unknown): Regularizer | undefined {
  const name = isRecord(value) ? value.class_name : value;
  if (typeof name !== "string") return undefined;
  const key = name.toLowerCase().replaceAll("_", "");
  if (!Object.hasOwn(classes, key)) return undefined;
  const config = isRecord(value) && isRecord(value.config) ? value.config : {};
  const { l1, l2 } = { ...classes[key], ...config };
  const fits = (factor: unknown): factor is number =>
    typeof factor === "number" && Number.isFinite(factor) && factor >= 0;
  return fits(l1) && fits(l2) ? { l1, l2 } : undefined;
}

/** A regulariser as Keras writes it. */
export function regularizerToKeras(regularizer: Regularizer | undefined): Record<string, unknown> | null {
  if (!regularizer) return null;
  const { l1, l2 } = regularizer;
  return { module: "keras.regularizers", class_name: "L1L2", config: { l1, l2 }, registered_name: null };
}
