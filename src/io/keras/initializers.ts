import { resolveInitializer } from "../../model/initializers";
import type { StoredInitializer } from "../../model/initializers";
import { isRecord } from "../stored-model";

/** Keras's VarianceScaling where it is one of the named ones; old Keras wrote no other. */
const scaled: Readonly<Record<string, string>> = {
  "1 fan_avg uniform": "glorotUniform",
  "1 fan_avg normal": "glorotNormal",
  "1 fan_in uniform": "lecunUniform",
  "1 fan_in normal": "lecunNormal",
  "2 fan_in uniform": "heUniform",
  "2 fan_in normal": "heNormal",
};

/** An initialiser of a Keras file, or undefined where this library has none like it. */
export function initializerFromKeras(value: unknown): StoredInitializer | undefined {
  if (typeof value === "string") return known({ name: value, config: {} });
  if (!isRecord(value) || typeof value.class_name !== "string") return undefined;
  const config = isRecord(value.config) ? value.config : {};
  if (value.class_name === "VarianceScaling") {
    const distribution = String(config.distribution).replace(/^(un)?truncated_/, "");
    const key = `${String(config.scale)} ${String(config.mode)} ${distribution}`;
    return Object.hasOwn(scaled, key) ? known({ name: scaled[key], config: {} }) : undefined;
  }
  const numbers = Object.entries(config).filter(
    ([key, entry]) => typeof entry === "number" && key !== "seed",
  );
  const name = value.class_name.replace(/Initializer$/, "");
  return known({ name, config: Object.fromEntries(numbers) as Record<string, number> });
}

/** Its name and arguments in this library's spelling, if it has it. */
function known(stored: StoredInitializer): StoredInitializer | undefined {
  try {
    const { name, config } = resolveInitializer(stored);
    return { name, config };
  } catch {
    return undefined;
  }
}

/** An initialiser as Keras writes it. */
export function initializerToKeras({ name, config }: StoredInitializer): Record<string, unknown> {
  return {
    module: "keras.initializers",
    class_name: name.charAt(0).toUpperCase() + name.slice(1),
    config: isSeeded(name) ? { seed: null, ...config } : { ...config },
    registered_name: null,
  };
}

function isSeeded(name: string): boolean {
  return !["zeros", "ones", "constant"].includes(name);
}
