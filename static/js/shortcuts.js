/**
 * Single keys for what has `aria-keyshortcuts`: a field is focused, all else is clicked. They can be switched off,
 * since who dictates to a computer would press them by speaking (WCAG 2.2, 2.1.4).
 */

const OFF = "shortcuts-off"; // in the browser's storage
const FIELDS = "input, select, textarea";

const dialog = document.getElementById("shortcuts");
const on = document.getElementById("shortcuts-on");

/** Listen for keys, and explain them in the dialog. */
export function listenForShortcuts() {
  on.checked = localStorage.getItem(OFF) === null;
  on.addEventListener("change", () => (on.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "")));
  document.getElementById("show-shortcuts").addEventListener("click", explain);
  document.addEventListener("keydown", press);
}

function press(event) {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || !on.checked || dialog.open || target.matches(FIELDS)) return;
  const found = document.querySelector(`[aria-keyshortcuts="${CSS.escape(key)}"]`);
  if (found === null || !found.checkVisibility()) return;
  event.preventDefault();
  if (found.matches(FIELDS)) found.focus();
  else found.click();
}

function explain() {
  const keys = [...document.querySelectorAll("[aria-keyshortcuts]")].filter((element) => element.checkVisibility());
  document.getElementById("shortcuts-list").replaceChildren(
    ...keys.flatMap((element) => entry(element.getAttribute("aria-keyshortcuts"), labelOf(element))),
    ...[...document.querySelectorAll("[data-arrows]")].flatMap(({ dataset }) => entry(dataset.arrows, dataset.does)),
  );
  dialog.showModal();
}

function entry(key, does) {
  const [term, definition] = [document.createElement("dt"), document.createElement("dd")];
  term.append(Object.assign(document.createElement("kbd"), { textContent: key }));
  definition.textContent = does;
  return [term, definition];
}

function labelOf(element) {
  return element.labels?.[0]?.textContent ?? element.getAttribute("aria-label") ?? element.textContent;
}
