/** The table of one's logins: each can be ended from here, on another device too. */

import { api } from "./page.js";
import { cell, fill } from "./table.js";
import { ago } from "./words.js";

const byId = (id) => document.getElementById(id);

/** Ask for them, and show them. */
export async function showLogins() {
  try {
    const { items } = await api.get("/api/auth/logins");
    byId("logins-count").textContent = `${items.length}`;
    fill(byId("logins"), items.map(rowOf));
  } catch (error) {
    byId("logins-note").textContent = `They can't be shown: ${error.message}`;
  }
}

function rowOf({ id, createdAt, connected, current }) {
  const began = new Date(createdAt);
  const action = cell(current ? "This one" : "", { number: true });
  if (!current) action.append(endButton(id, began));
  return [
    cell(ago(began), { head: true, title: began.toLocaleString() }),
    cell(connected ? "yes" : "no", { state: connected ? "online" : "offline" }),
    action,
  ];
}

function endButton(id, began) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "End" });
  button.setAttribute("aria-label", `End the login of ${began.toLocaleString()}`);
  button.addEventListener("click", () => end(id, button));
  return button;
}

async function end(id, button) {
  button.disabled = true;
  byId("logins-note").textContent = await api.delete(`/api/auth/logins/${id}`).then(
    () => "It has ended.",
    (error) => `That did not work: ${error.message}`,
  );
  await showLogins();
}
