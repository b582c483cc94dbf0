/** A knob: a choice among names, a number within bounds, or a text. */
export type Knob<Key extends string = string> = {
  key: Key;
  label: string;
  hint: string;
} & (
  | { kind: "choice"; choices: readonly [value: string, label: string][] }
  | { kind: "number"; min: number; max: number; step: number | "any"; whole: boolean }
  | { kind: "text"; most: number; placeholder: string }
);

export const choice = <Key extends string>(
  key: Key,
  label: string,
  hint: string,
  choices: [string, string][],
): Knob<Key> => ({ key, label, hint, kind: "choice", choices });

export const whole = <Key extends string>(
  key: Key,
  label: string,
  hint: string,
  min: number,
  max: number,
): Knob<Key> => ({ key, label, hint, kind: "number", min, max, step: 1, whole: true });

export const fraction = <Key extends string>(
  key: Key,
  label: string,
  hint: string,
  min: number,
  max: number,
): Knob<Key> => ({ key, label, hint, kind: "number", min, max, step: "any", whole: false });

/** Whether `value` is one that the knob can take. */
export function accepts(knob: Knob, value: string): boolean {
  if (knob.kind === "choice") return knob.choices.some(([name]) => name === value);
  if (knob.kind === "text") return value.length <= knob.most;
  const number = Number(value);
  const inside = value.trim() !== "" && number >= knob.min && number <= knob.max;
  return inside && (!knob.whole || Number.isInteger(number));
}

/** Sets one knob. */
export function assign<Settings extends object>(
  settings: Settings,
  knob: Knob<keyof Settings & string>,
  value: string,
): void {
  Object.assign(settings, { [knob.key]: knob.kind === "number" ? Number(value) : value });
}

/** The settings that an address holds; what it does not say, or says wrongly, is as in `preset`. */
export function fromAddress<Settings extends object>(
  address: URLSearchParams,
  knobs: readonly Knob<keyof Settings & string>[],
  preset: Settings,
): Settings {
  const settings = { ...preset };
  for (const knob of knobs) {
    const value = address.get(knob.key);
    if (value !== null && accepts(knob, value)) assign(settings, knob, value);
  }
  return settings;
}

/** The part of an address that holds every setting. */
export function toAddress<Settings extends object>(
  settings: Settings,
  knobs: readonly Knob<keyof Settings & string>[],
): string {
  return new URLSearchParams(knobs.map(({ key }) => [key, String(settings[key])])).toString();
}
