import { invalid } from "../../runtime/errors";
import { resolveInitializer, type Initializer, type StoredInitializer } from "../initializers";

/** Batch first, `null` where any size will do. */
export type Shape = readonly (number | null)[];

/** A name, Keras's or its camelCase form, an initialiser made by `glorotUniform()` and the like, or its stored form. */
export type InitializerOption = string | Initializer | StoredInitializer;

/** What every layer may be given. */
export interface NamedLayer {
  name?: string;
}

/** What every layer with weights has. */
export interface TrainableLayer extends NamedLayer {
  /** Whether training changes its weights; where not, they count among those that are not trainable. */
  trainable: boolean;
}

/** The largest state of a recurrent layer. */
export const maxUnits = 1024;

export function size(where: string, name: string, value: number, largest: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= largest) return value;
  throw invalid(
    where,
    `${name} as a whole number from 1 to ${largest}`,
    String(value),
    `pass another ${name}`,
  );
}

/** A share of values to drop, in [0, 1). */
export function rate(where: string, name: string, value: number): number {
  if (value >= 0 && value < 1) return value;
  throw invalid(where, `${name} from 0 to below 1`, String(value), `pass the share to drop, 0.2 for a fifth`);
}

export function oneOf<Name extends string>(
  where: string,
  option: string,
  value: string,
  names: readonly Name[],
): Name {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  throw invalid(where, `${option} as one of ${names.join(", ")}`, `"${value}"`, `pass another ${option}`);
}

/** Unknown options are refused: a misspelt one would be silently without effect. */
export function knownOptions(where: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw invalid(where, `options among ${known.join(", ")}`, `"${unknown}"`, "remove it or correct its name");
}

/**
 * The options with what is not given as in `defaults`, in whose order they come.
 *
 * @throws {InvalidInputError} an option that `defaults` does not name.
 */
export function withDefaults(
  where: string,
  options: object,
  defaults: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  knownOptions(where, options, Object.keys(defaults));
  const given = options as Record<string, unknown>;
  return Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, given[name] ?? value]));
}

/** Whether a value is a number of at least 0. */
export function isAmount(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0;
}

/** Fails where the layer is made, not where its weights are drawn. */
export function initializer(option: InitializerOption): Initializer {
  return resolveInitializer(option);
}
