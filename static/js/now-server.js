/** Now, for admins: plots and tables of every process, rooms, people. */

import { Directory } from "./directory.js";
import { every } from "./every.js";
import { Figures } from "./figures.js";
import { showLogins } from "./logins.js";
import { api, connect, user } from "./page.js";
import { everyone, missPeople, showPeople } from "./people.js";
import { Plots } from "./plots.js";
import { showProcesses } from "./processes.js";
import { cell, fill } from "./table.js";
import { figure } from "./words.js";

const SAMPLES_MS = 5_000; // as often as processes take samples
const LISTS_MS = 10_000;
const ROOMS = 50;
const byId = (id) => document.getElementById(id);

const figures = new Figures(api);
const directory = new Directory(api, user.id);

/** Begin. */
export function open() {
  const plots = new Plots(figures);
  connect({});
  every(SAMPLES_MS, () => figures.load().then(() => draw(plots), missFigures));
  directory.load().catch(() => {}).finally(() => every(LISTS_MS, showLists)); // without it rooms have ids alone
}

function draw(plots) {
  byId("figures-note").hidden = true;
  plots.draw();
  showProcesses(figures);
}

function missFigures(error) {
  byId("figures-note").textContent = `The figures can't be shown: ${error.message}`;
  byId("figures-note").hidden = false;
}

function showLists() {
  return Promise.all([everyone(api).then(showPeople, missPeople), showSizes(), showLogins()]);
}

async function showSizes() {
  try {
    const { items } = await api.get(`/api/monitoring/rooms?limit=${ROOMS}`);
    fill(byId("sizes"), items.map(rowOf));
    byId("sizes-note").textContent = items.length === 0 ? "No socket is in a room." : "";
  } catch (error) {
    byId("sizes-note").textContent = `They can't be shown: ${error.message}`;
  }
}

function rowOf({ room, sockets }) {
  return [cell(titleOf(room), { head: true, title: room }), cell(figure(sockets), { number: true })];
}

function titleOf(room) {
  const [, kind, id] = /^([^-]+)-(.+)$/.exec(room) ?? [null, room, ""];
  return id && `${kind}: ${directory.nameOf(id)}`;
}
