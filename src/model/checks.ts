import { invalid, type InvalidInputError } from "../runtime/errors";

/**
 * Checks an option, or another value that has a name.
 *
 * @throws {InvalidInputError} it is not what is expected.
 */
export function checkOption(
  holds: boolean,
  where: string,
  name: string,
  expected: string,
  value: unknown,
): void {
  if (!holds) throw invalid(where, `${name} as ${expected}`, String(value), `pass another ${name}`);
}

/** @throws {InvalidInputError} the value is no whole number of at least `least`, and at most `most` where that is given. */
export function checkWhole(where: string, name: string, value: number, least: number, most?: number): void {
  const range = most === undefined ? `of at least ${least}` : `from ${least} to ${most}`;
  const holds = Number.isInteger(value) && value >= least && value <= (most ?? Infinity);
  checkOption(holds, where, name, `a whole number ${range}`, value);
}

/** @throws {InvalidInputError} the value is not in [0, 1). */
export function checkShare(where: string, name: string, value: unknown): void {
  checkOption(isAmount(value) && value < 1, where, name, "a number from 0 to below 1", value);
}

/** @throws {InvalidInputError} the value is no number, or negative. */
export function checkAmount(where: string, name: string, value: unknown): void {
  checkOption(isAmount(value), where, name, "a number of at least 0", value);
}

/** Whether a value is a number of at least 0. */
export function isAmount(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0;
}

/**
 * What a table has under a name: in its own spelling, in snake_case, or in any other case.
 *
 * @throws {InvalidInputError} there is none of that name.
 */
export function byName<Value>(
  where: string,
  option: string,
  table: Readonly<Record<string, Value>>,
  name: unknown,
): Value {
  const plain = (text: string): string => text.toLowerCase().replaceAll("_", "");
  const names = Object.keys(table);
  const found = names.find((known) => plain(known) === plain(String(name)));
  checkOption(found !== undefined, where, option, `one of ${names.join(", ")}`, `"${String(name)}"`);
  return table[found!];
}

/** The error of a `fit` that cannot go on from a checkpoint, since that is one of another training. */
export function otherTraining(expected: string, got: string): InvalidInputError {
  return invalid("fit", expected, got, "pass what the first run was given, or train anew without resume");
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
