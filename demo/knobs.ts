import { byId, make } from "./dom";
import {
  accepts,
  assign,
  hashOf,
  knobs,
  presets,
  settingsFromHash,
  type Knob,
  type Settings,
} from "./settings";

/** The form of the knobs; the address follows it. */
export class Knobs {
  #settings: Settings = settingsFromHash(location.hash);
  readonly #onChange: (settings: Settings) => void;

  constructor(onChange: (settings: Settings) => void) {
    this.#onChange = onChange;
    byId("knobs").append(...knobs.map((knob) => this.#field(knob)));
    byId("reset").addEventListener("click", () => this.set(presets[this.#settings.data]));
    window.addEventListener("hashchange", () => this.set(settingsFromHash(location.hash)));
    this.set(this.#settings);
  }

  get settings(): Settings {
    return { ...this.#settings };
  }

  /** Whether every knob holds a value that it can take. */
  get valid(): boolean {
    return byId<HTMLFormElement>("knobs").checkValidity();
  }

  /** Shows the first knob that is wrong. */
  report(): void {
    byId<HTMLFormElement>("knobs").reportValidity();
  }

  set(settings: Settings): void {
    this.#settings = { ...settings };
    for (const { key } of knobs) control(key).value = String(settings[key]);
    this.#changed();
  }

  #field(knob: Knob): HTMLElement {
    const id = `knob-${knob.key}`;
    const input =
      knob.kind === "choice"
        ? make("select", { id }, ...knob.choices.map(([value, text]) => new Option(text, value)))
        : make("input", {
            id,
            type: "number",
            min: String(knob.min),
            max: String(knob.max),
            step: String(knob.step),
            required: true,
          });
    input.title = knob.hint;
    input.addEventListener("change", () => this.#turn(knob, input.value));
    const label = make("label", { htmlFor: id }, knob.label);
    return make("div", { className: knob.key === "data" ? "knob-wide" : "" }, label, input);
  }

  #turn(knob: Knob, value: string): void {
    if (!accepts(knob, value)) return;
    if (knob.key === "data") return this.set(presets[value as Settings["data"]]);
    assign(this.#settings, knob, value);
    this.#changed();
  }

  #changed(): void {
    history.replaceState(null, "", hashOf(this.#settings));
    this.#onChange(this.settings);
  }
}

function control(key: string): HTMLInputElement | HTMLSelectElement {
  return byId<HTMLInputElement | HTMLSelectElement>(`knob-${key}`);
}
