/** The table of who is online: for admins everyone, for others whom they share a room with. */

import { cell, fill } from "./table.js";
import { ago } from "./words.js";

const ORDER = ["online", "away", "offline"];
const byId = (id) => document.getElementById(id);

/** Ask for everyone, as an admin may: `{userId, name, status, lastSeenAt, devices}` each. */
export async function everyone(api) {
  return (await api.get("/api/monitoring/people")).items;
}

/** Ask for those of `users`, each `{id, name}`, whose presence one may see. */
export async function visible(api, users) {
  if (users.length === 0) return [];
  const { items } = await api.get(`/api/presence?userIds=${users.map(({ id }) => id).join()}`);
  const names = new Map(users.map(({ id, name }) => [id, name]));
  return items.map((item) => ({ ...item, name: names.get(item.userId) }));
}

/** Show `people`: who is online first, and of those alike who changed last. */
export function showPeople(people) {
  const sorted = [...people].sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || seen(b) - seen(a));
  const here = people.filter(({ status }) => status !== "offline");
  byId("people-count").textContent = `${here.length} of ${people.length}`;
  byId("people-note").textContent = "";
  fill(byId("people"), sorted.map(rowOf));
}

/** Say why they can't be shown. */
export function missPeople(error) {
  byId("people-note").textContent = `They can't be shown: ${error.message}`;
}

function rowOf({ name, status, lastSeenAt, devices }) {
  const since = lastSeenAt === null ? null : new Date(lastSeenAt);
  return [
    cell(name, { head: true }),
    cell(status, { state: status }),
    ...(devices === undefined ? [] : [cell(devices, { number: true })]),
    cell(since === null ? "never" : ago(since), { title: since?.toLocaleString() }),
  ];
}

function seen({ lastSeenAt }) {
  return Date.parse(lastSeenAt ?? 0);
}
