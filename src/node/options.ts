import { parseArgs } from "node:util";
import { InvalidInputError } from "../runtime/errors";
import { nearest } from "./nearest";

/** The command line is not one that the program takes: one line says what was expected; exit code 2. */
export class UsageError extends InvalidInputError {
  override name = "UsageError";
}

/** One flag of a command. `parse` turns its text into its value or throws a {@link UsageError}. */
export interface Flag<T> {
  /** What stands behind the flag in the help text; without it the flag takes no value. */
  value?: string;
  meaning: string;
  parse(text: string, name: string): T;
}

export type Flags = Record<string, Flag<unknown>>;

/** The values of the flags that were given. */
export type Values<F extends Flags> = { [Name in keyof F]?: F[Name] extends Flag<infer T> ? T : never };

/** A flag with a text for its value. */
export function text(value: string, meaning: string): Flag<string> {
  return {
    value,
    meaning,
    parse(given, name) {
      if (given !== "") return given;
      throw new UsageError(`${name}: expected ${value}, got nothing; write it behind the flag`);
    },
  };
}

/** A flag without a value. */
export function toggle(meaning: string): Flag<boolean> {
  return { meaning, parse: () => true };
}

/** A flag that takes a whole number from `low` to `high`. */
export function whole(meaning: string, low: number, high: number): Flag<number> {
  const range = `a whole number from ${low.toLocaleString("en")} to ${high.toLocaleString("en")}`;
  return number(meaning, "N", {
    range,
    example: 10,
    fits: (n) => Number.isInteger(n) && n >= low && n <= high,
  });
}

export interface NumberRule {
  /** What `fits` takes, in words. */
  range: string;
  example: number;
  fits: (n: number) => boolean;
}

/** A flag that takes a number. */
export function number(meaning: string, value: string, { range, example, fits }: NumberRule): Flag<number> {
  return {
    value,
    meaning,
    parse(given, name) {
      const n = given.trim() === "" ? NaN : Number(given);
      if (Number.isFinite(n) && fits(n)) return n;
      throw new UsageError(`${name}: expected ${range}, got "${given}"; for example ${name} ${example}`);
    },
  };
}

/**
 * Reads a command's arguments.
 *
 * @throws {UsageError} an unknown flag (with the nearest known one), a missing or wrong value, or a word
 *   that belongs to no flag.
 */
export function parseFlags<F extends Flags>(args: readonly string[], flags: F): Values<F> {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { value }]) => [name, { type: value ? "string" : "boolean" } as const]),
  );
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const values: Record<string, unknown> = {};
  for (const token of tokens) {
    if (token.kind === "positional") {
      throw new UsageError(`expected only flags, got "${token.value}"; quote a text of several words`);
    }
    if (token.kind !== "option") continue;
    const flag = flags[token.name];
    if (!flag || !Object.hasOwn(flags, token.name) || !token.rawName.startsWith("--"))
      throw unknownFlag(token.rawName, Object.keys(flags));
    values[token.name] = flag.parse(valueOf(flag, token.rawName, token.value), token.rawName);
  }
  return values as Values<F>;
}

function valueOf(flag: Flag<unknown>, name: string, value: string | undefined): string {
  if (flag.value && value === undefined) {
    throw new UsageError(
      `${name}: expected ${flag.value} behind it, got nothing; write ${name} ${flag.value}`,
    );
  }
  if (!flag.value && value !== undefined) {
    throw new UsageError(`${name}: expected no value, got "${value}"; write ${name} alone`);
  }
  return value ?? "";
}

function unknownFlag(name: string, known: readonly string[]): UsageError {
  const near = nearest(name.replace(/^-+/, ""), known);
  const advice = near === undefined ? "--help lists them" : `did you mean --${near}?`;
  return new UsageError(`expected a known flag, got "${name}"; ${advice}`);
}
