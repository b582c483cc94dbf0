import { checkOption, checkShare, checkWhole, knownOptions } from "../checks";
import type { Initializer, StoredInitializer } from "../initializers";

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

/** Refuses a value, or gives what the layer takes for it. */
type Check = (value: never, where: string, option: string) => unknown;

/** A value, or what is taken where none is given, and its check. */
type Setting = readonly [value?: unknown, check?: Check];

/** What every option of a layer but its name is where it is not given, and its check. */
export type OptionTable<Options> = Readonly<Record<Exclude<keyof Options, "name">, Setting>>;

/**
 * The configuration of a layer: class and name, whether it is trained, its arguments, all other options.
 *
 * @throws {InvalidInputError} an argument or option that fails its check, or an option that is not in the table.
 */
export function configured<Config extends NamedLayer & { className: string }>(
  className: Config["className"],
  where: string,
  required: Readonly<Record<string, Setting>>,
  given: NamedLayer,
  options: Readonly<Record<string, Setting>> = {},
): Config {
  knownOptions(where, given, ["name", ...Object.keys(options)]);
  const { trainable, ...others } = options;
  const settings = Object.entries({ ...(trainable && { trainable }), ...required, ...others });
  const values = settings.flatMap(([option, [normal, check]]) => {
    const own = (given as Record<string, unknown>)[option];
    // Where there is no default, null is a value as any other, for the check to refuse.
    const value = own ?? normal ?? own;
    if (value === undefined) return [];
    return [[option, check ? check(value as never, where, option) : value] as const];
  });
  return { className, name: given.name, ...Object.fromEntries(values) } as Config;
}

/** A whole number from 1 to `largest`. */
export const size =
  (largest: number) =>
  (value: number, where: string, option: string): number => {
    checkWhole(where, option, value, 1, largest);
    return value;
  };

/** A share of values to drop. */
export function rate(value: number, where: string, option: string): number {
  checkShare(where, option, value);
  return value;
}

/** One of some names. */
export const oneOf =
  (names: readonly string[]) =>
  (value: string, where: string, option: string): string => {
    checkOption(names.includes(value), where, option, `one of ${names.join(", ")}`, `"${value}"`);
    return value;
  };
