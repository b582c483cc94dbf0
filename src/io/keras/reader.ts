import type { StoredInitializer } from "../../model/initializers";
import { refused, isRecord, shown } from "../stored-model";
import { initializerFromKeras } from "./initializers";

/** One layer's configuration in a Keras file. Every value is checked when it is asked for. */
export class ConfigReader {
  constructor(
    readonly values: Readonly<Record<string, unknown>>,
    readonly className: string,
    /** Grows with what the layer says and this library does otherwise. */
    readonly notes: string[],
  ) {}

  /** The layer, as messages call it. */
  get where(): string {
    return typeof this.values.name === "string" ? `${this.className} "${this.values.name}"` : this.className;
  }

  /** The layer's name, or undefined. */
  get name(): string | undefined {
    const { name } = this.values;
    if (name === undefined || typeof name === "string") return name;
    throw refused(`a string as name of a ${this.className}`, shown(name));
  }

  size(key: string): number {
    const value = this.values[key];
    if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
    throw refused(`${key} of ${this.where} as a whole number from 1`, shown(value));
  }

  flag(key: string, byDefault: boolean): boolean {
    const value = this.values[key] ?? byDefault;
    if (typeof value === "boolean") return value;
    throw refused(`${key} of ${this.where} as true or false`, shown(value));
  }

  /** An activation's name, which must be among those of the engine. */
  activation<Name extends string>(key: string, known: readonly Name[], byDefault: Name): Name {
    const value = this.values[key];
    // Keras writes "no activation" as null or as linear; only a missing entry means the default.
    const name = value === undefined ? byDefault : value === null ? "linear" : activationName(value);
    const found = known.find((candidate) => candidate === name);
    if (found !== undefined) return found;
    const remedy = "this engine has no other activations for this layer";
    throw refused(`${key} of ${this.where} among ${known.join(", ")}`, shown(name ?? value), remedy);
  }

  initializer(key: string, byDefault: string): StoredInitializer {
    const value = this.values[key];
    if (value === undefined || value === null) return { name: byDefault, config: {} };
    const initializer = initializerFromKeras(value);
    if (initializer) return initializer;
    this.notes.push(`${this.where}: ${key} ${shown(value)} is not known; ${byDefault} is taken for it`);
    return { name: byDefault, config: {} };
  }

  /** Refuses what would change the layer's output and cannot be done. */
  refuseUnless(expected: Readonly<Record<string, unknown>>): void {
    for (const [key, value] of Object.entries(expected)) {
      const got = this.values[key];
      if (got === undefined || got === null || got === value) continue;
      throw refused(
        `${key} of ${this.where} as ${shown(value)}`,
        shown(got),
        "this engine has nothing else yet",
      );
    }
  }

  /** Notes what changes training and not the layer's output. */
  noteUnless(expected: Readonly<Record<string, unknown>>): void {
    for (const [key, value] of Object.entries(expected)) {
      const got = this.values[key];
      if (got === undefined || got === null || got === value) continue;
      this.notes.push(`${this.where}: ${key} ${shown(got)} has no effect here`);
    }
  }
}

/** `"relu"`, or one of the forms in which Keras has written a function's name. */
function activationName(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!isRecord(value)) return undefined;
  const { class_name: className, config } = value;
  if (typeof config === "string") return config;
  return typeof className === "string" ? className.toLowerCase() : undefined;
}
