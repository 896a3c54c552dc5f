/** The table of alerts, those that are open first; it changes as soon as an alert does. */

import { user } from "./page.js";
import { cell, fill } from "./table.js";
import { ago } from "./words.js";

const byId = (id) => document.getElementById(id);

export class Alerts {
  #api;

  constructor(api) {
    this.#api = api;
  }

  /** Hear of alerts by `connection`, and show what there is. */
  async follow(connection) {
    await connection.send("join-user", user.id).catch(() => {}); // the next connect tries again
    await this.load();
  }

  async load() {
    try {
      const { items } = await this.#api.get("/api/monitoring/alerts");
      this.#show(items);
    } catch (error) {
      byId("alerts-note").textContent = `They can't be shown: ${error.message}`;
    }
  }

  #show(items) {
    const open = items.filter(({ resolvedAt }) => resolvedAt === null).length;
    byId("alerts-count").textContent = open === 0 ? "none open" : `${open} open`;
    byId("alerts-note").textContent = items.length === 0 ? "Nothing was wrong so far." : "";
    fill(byId("alerts"), items.map(rowOf));
  }
}

function rowOf({ level, message, process, since, resolvedAt }) {
  return [
    cell(level, { state: resolvedAt === null ? level : "over" }),
    cell(message, { head: true, className: "prose" }),
    cell(process),
    time(since),
    resolvedAt === null ? cell("not yet") : time(resolvedAt),
  ];
}

function time(iso) {
  const date = new Date(iso);
  return cell(ago(date), { title: date.toLocaleString() });
}
