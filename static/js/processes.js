/** The newest figures in numbers: all processes together, each of them, and why sockets went. */

import { colourOf } from "./plots.js";
import { cell, fill, fillPairs } from "./table.js";
import { ago, figure } from "./words.js";

const KEYS = [
  "connections",
  "rooms",
  "deliveriesPerSecond",
  "eventsPerSecond",
  "latencyP50",
  "latencyP99",
  "hubLag",
  "backlog",
  "backlogAge",
  "memory",
]; // in the order of the table
const byId = (id) => document.getElementById(id);

/** Show what `figures` hold. */
export function showProcesses(figures) {
  const { latest, processes, disconnects } = figures;
  byId("processes-count").textContent = `${latest.length} running`;
  fillPairs(byId("tiles"), latest.length > 0 ? together(latest) : []);
  fill(byId("processes"), processes.map((process, index) => rowOf(figures, process, index)));
  fill(
    byId("disconnects"),
    disconnects.map(([reason, count]) => [cell(reason, { head: true }), cell(figure(count), { number: true })]),
  );
}

function together(latest) {
  const all = (key) => latest.map((sample) => sample[key]).filter((value) => value !== null);
  const sum = (key) => all(key).reduce((a, b) => a + b, 0);
  const worst = (key) => all(key).reduce((a, b) => Math.max(a, b), null);
  return [
    ["Connections", figure(sum("connections"))],
    ["Deliveries a second", figure(sum("deliveriesPerSecond"))],
    ["Slowest p99", figure(worst("latencyP99"), "ms")],
    ["Worst hub lag", figure(worst("hubLag"), "ms")],
    ["Backlog", figure(worst("backlog"))], // each process counts that of all
    ["Memory", figure(sum("memory"), "MB")],
  ];
}

function rowOf(figures, process, index) {
  const last = figures.lastOf(process);
  const name = cell(process, { head: true, className: "dot" });
  name.firstElementChild.style.setProperty("--of", colourOf(index));
  return [
    name,
    ...KEYS.map((key) => cell(figure(last[key]), { number: true })),
    cell(figure(figures.slowConsumers(process)), { number: true }),
    cell(figures.latest.includes(last) ? "now" : ago(new Date(last.at)), { number: true }),
  ];
}
