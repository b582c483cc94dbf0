import { byId } from "./dom";

const key = "theme";

/** Dark or light as the system has it, until the button says otherwise. */
export function followTheme(onChange: () => void): void {
  const button = byId("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const kept = (): string | null => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  const apply = (): void => {
    const dark = (kept() ?? (system.matches ? "dark" : "light")) === "dark";
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    button.setAttribute("aria-pressed", String(dark));
    onChange();
  };
  button.addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(key, next);
    } catch {
      document.documentElement.dataset.theme = next;
    }
    apply();
  });
  system.addEventListener("change", apply);
  apply();
}
