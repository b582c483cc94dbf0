import type { DenseActivation } from "../../model/layers";
import type { StoredInitializer } from "../../model/initializers";
import type { Regularizer } from "../../model/regularizers";
import { refused, isRecord, shown } from "../stored-model";
import { activationFromKeras, activationName } from "./activations";
import type { Dialect } from "./activations";
import { initializerFromKeras } from "./initializers";
import { regularizerFromKeras } from "./regularizers";

/** One layer's configuration in a Keras file. Every value is checked when it is asked for. */
export class ConfigReader {
  constructor(
    readonly values: Readonly<Record<string, unknown>>,
    readonly className: string,
    /** Grows with what the layer says and this library does otherwise. */
    readonly notes: string[],
    readonly dialect: Dialect,
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

  /** The configuration of a layer inside this one. */
  inner(key: string): ConfigReader {
    const value = this.values[key];
    if (isRecord(value) && typeof value.class_name === "string" && isRecord(value.config)) {
      return new ConfigReader(value.config, value.class_name, this.notes, this.dialect);
    }
    throw refused(`class_name and config as ${key} of ${this.where}`, shown(value));
  }

  /** The same configuration with other values. */
  changed(values: Readonly<Record<string, unknown>>): ConfigReader {
    return new ConfigReader({ ...this.values, ...values }, this.className, this.notes, this.dialect);
  }

  size(key: string): number {
    return this.#whole(key, this.values[key]);
  }

  /** A size that Keras writes as a list of one; `byDefault` where the file says nothing. */
  single(key: string, byDefault?: number): number {
    const value = this.values[key] ?? byDefault;
    return this.#whole(key, Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value);
  }

  #whole(key: string, value: unknown): number {
    if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
    throw refused(`${key} of ${this.where} as a whole number from 1`, shown(value));
  }

  flag(key: string, byDefault: boolean): boolean {
    const value = this.values[key] ?? byDefault;
    if (typeof value === "boolean") return value;
    throw refused(`${key} of ${this.where} as true or false`, shown(value));
  }

  /** A number that a float32 can hold. */
  float(key: string, byDefault: number): number {
    const value = this.values[key] ?? byDefault;
    if (typeof value === "number" && Number.isFinite(Math.fround(value))) return value;
    throw refused(`${key} of ${this.where} as a finite float32`, shown(value));
  }

  /** A share of values to drop. */
  share(key: string): number {
    const value = this.values[key] ?? 0;
    if (typeof value === "number" && value >= 0 && value < 1) return value;
    throw refused(`${key} of ${this.where} from 0 to below 1`, shown(value));
  }

  /** One of several words. */
  word<Word extends string>(key: string, known: readonly Word[], byDefault: Word): Word {
    const value = this.values[key] ?? byDefault;
    const found = known.find((candidate) => candidate === value);
    if (found !== undefined) return found;
    const remedy = "this engine has nothing else yet";
    throw refused(`${key} of ${this.where} among ${known.join(", ")}`, shown(value), remedy);
  }

  /** An activation, which must be among those of the engine; only a missing entry means the default. */
  activation<Name extends DenseActivation>(key: string, known: readonly Name[], byDefault: Name): Name {
    const value = this.values[key];
    const name = value === undefined ? byDefault : activationFromKeras(value, this.dialect);
    const found = known.find((candidate) => candidate === name);
    if (found !== undefined) return found;
    const remedy = "this engine has no other activations for this layer";
    const got = shown(activationName(value));
    throw refused(`${key} of ${this.where} among ${known.join(", ")}`, got, remedy);
  }

  initializer(key: string, byDefault: string): StoredInitializer {
    const value = this.values[key];
    if (value === undefined || value === null) return { name: byDefault, config: {} };
    const initializer = initializerFromKeras(value);
    if (initializer) return initializer;
    this.notes.push(`${this.where}: ${key} ${shown(value)} is not known; ${byDefault} is taken for it`);
    return { name: byDefault, config: {} };
  }

  /** What a weight adds to the loss, under the engine's name for it; nothing where the engine has none like it. */
  regularizer<Key extends string>(key: string, name: Key): Partial<Record<Key, Regularizer>> {
    const value = this.values[key];
    if (value === undefined || value === null) return {};
    const regularizer = regularizerFromKeras(value);
    if (regularizer) return { [name]: regularizer } as Record<Key, Regularizer>;
    this.notes.push(`${this.where}: ${key} ${shown(value)} has no effect here`);
    return {};
  }

  /** Refuses what would change the layer's output and cannot be done. */
  refuseUnless(expected: Readonly<Record<string, unknown>>): void {
    for (const [key, value] of Object.entries(expected)) {
      const got = this.values[key];
      if (got === undefined || got === null || isSame(got, value)) continue;
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

/** Keras writes a size of one axis as a number or as a list of one. */
function isSame(got: unknown, expected: unknown): boolean {
  return (Array.isArray(got) && got.length === 1 ? got[0] : got) === expected;
}
