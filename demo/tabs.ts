import { byId } from "./dom";

/**
 * Wires a tab list: a click, the arrow keys, Home and End choose a tab, and only its panel is shown.
 *
 * @param onSelect is told of every choice
 * @returns chooses a tab by its id
 */
export function wireTabs(list: HTMLElement, onSelect: (id: string) => void): (id: string) => void {
  const tabs = [...list.querySelectorAll<HTMLButtonElement>('[role="tab"]')];
  const select = (id: string): void => {
    for (const tab of tabs) {
      const chosen = tab.id === id;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      byId(tab.getAttribute("aria-controls") ?? "").hidden = !chosen;
    }
    onSelect(id);
  };
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => select(tab.id));
    tab.addEventListener("keydown", ({ key }) => {
      const next = { ArrowRight: i + 1, ArrowLeft: i - 1 + tabs.length, Home: 0, End: tabs.length - 1 }[key];
      if (next === undefined) return;
      const target = tabs[next % tabs.length];
      target.focus();
      select(target.id);
    });
  });
  return select;
}
