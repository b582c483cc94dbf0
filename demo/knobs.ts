import { make } from "./dom";
import { accepts, assign, type Knob } from "./knob";

export interface KnobsOptions<Settings extends object> {
  knobs: readonly Knob<keyof Settings & string>[];
  /** What the ids of the fields begin with. */
  prefix: string;
  settings: Settings;
  /** Where a knob's field goes. */
  place: (key: keyof Settings) => HTMLElement;
  /** Where "Reset" goes back to. */
  presetOf: (settings: Settings) => Settings;
  /** The knob that sets all others to their preset. */
  leading?: keyof Settings;
  onChange: (settings: Settings) => void;
}

/** The fields of some knobs. */
export class Knobs<Settings extends object> {
  readonly #options: KnobsOptions<Settings>;
  readonly #fields = new Map<keyof Settings, HTMLInputElement | HTMLSelectElement>();
  #settings: Settings;

  constructor(options: KnobsOptions<Settings>) {
    this.#options = options;
    this.#settings = options.settings;
    for (const knob of options.knobs) options.place(knob.key).append(this.#field(knob));
    this.set(options.settings);
  }

  get settings(): Settings {
    return { ...this.#settings };
  }

  /** Whether every knob holds a value that it can take; shows the first that does not. */
  check(): boolean {
    return [...this.#fields.values()].every((field) => field.reportValidity());
  }

  set(settings: Settings): void {
    this.#settings = { ...settings };
    for (const [key, field] of this.#fields) field.value = String(settings[key]);
    this.#options.onChange(this.settings);
  }

  reset(): void {
    this.set(this.#options.presetOf(this.#settings));
  }

  #field(knob: Knob<keyof Settings & string>): HTMLElement {
    const { prefix, leading } = this.#options;
    const id = `${prefix}-${knob.key}`;
    const field = fieldOf(knob, id);
    field.title = knob.hint;
    field.addEventListener("change", () => this.#turn(knob, field.value));
    this.#fields.set(knob.key, field);
    const wide = knob.key === leading || knob.kind === "text";
    const label = make("label", { htmlFor: id }, knob.label);
    return make("div", { className: wide ? "knob-wide" : "" }, label, field);
  }

  #turn(knob: Knob<keyof Settings & string>, value: string): void {
    if (!accepts(knob, value)) return;
    assign(this.#settings, knob, value);
    if (knob.key === this.#options.leading) this.reset();
    else this.#options.onChange(this.settings);
  }
}

function fieldOf(knob: Knob, id: string): HTMLInputElement | HTMLSelectElement {
  if (knob.kind === "choice") {
    return make("select", { id }, ...knob.choices.map(([value, text]) => new Option(text, value)));
  }
  if (knob.kind === "text") {
    const { most: maxLength, placeholder } = knob;
    return make("input", { id, maxLength, placeholder, spellcheck: false, autocapitalize: "off" });
  }
  const { min, max, step } = knob;
  return make("input", {
    id,
    type: "number",
    min: String(min),
    max: String(max),
    step: String(step),
    required: true,
  });
}
