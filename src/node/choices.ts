import { nearest } from "./nearest";
import { UsageError, type Flag } from "./options";

function known<Name extends string>(given: string, flag: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === given);
  if (found !== undefined) return found;
  const near = nearest(given, names);
  const advice = near === undefined ? `for example ${flag} ${names[0]}` : `did you mean ${near}?`;
  throw new UsageError(`${flag}: expected one of ${names.join(", ")}, got "${given}"; ${advice}`);
}

/** A flag that takes one of `names`. */
export function choice<Name extends string>(
  value: string,
  meaning: string,
  names: readonly Name[],
): Flag<Name> {
  return { value, meaning, parse: (given, flag) => known(given, flag, names) };
}

/** A flag that takes one of `names`, or several parted by commas; none counts twice. */
export function choices<Name extends string>(
  value: string,
  meaning: string,
  names: readonly Name[],
): Flag<Name[]> {
  return {
    value,
    meaning,
    parse: (given, flag) => [...new Set(given.split(",").map((name) => known(name.trim(), flag, names)))],
  };
}
