/** Now, for everyone but admins: their connection, who is online of those they share a room with, and their rooms. */

import { Directory } from "./directory.js";
import { every } from "./every.js";
import { showLogins } from "./logins.js";
import { api, connect, user } from "./page.js";
import { missPeople, showPeople, visible } from "./people.js";
import { RoomsView } from "./rooms.js";
import { fillPairs } from "./table.js";
import { clock } from "./words.js";

const AGAIN_MS = 30_000; // how long ago somebody went changes, too
const byId = (id) => document.getElementById(id);

const directory = new Directory(api, user.id);
const rooms = new RoomsView();
let people = [];
let since = null; // when the connection began

/** Begin. */
export function open() {
  const connection = connect({
    onState: (state) => state !== "connected" && rooms.disconnected(),
    onConnect: (recovered, connection) => enterRooms(connection).catch(missRooms),
    onEvent: hear,
  });
  every(AGAIN_MS, async () => {
    if (since === null) return; // not connected yet
    showPeople(people);
    await showLogins();
    await showConnection(connection).catch(() => {}); // the bar says that it is lost
  });
}

async function enterRooms(connection) {
  since = new Date();
  await showConnection(connection);
  showLogins();
  await directory.load();
  rooms.show(directory.rooms);
  await rooms.join(directory.rooms, connection);
  people = await visible(api, directory.users);
  showPeople(people);
}

function missRooms(error) {
  rooms.say(`The rooms can't be joined: ${error.message}`);
}

function hear(name, payload) {
  if (name === "room-left") rooms.left(payload);
  if (name !== "presence-changed") return;
  const { userId, status, lastSeenAt } = payload;
  people = people.map((person) => (person.userId === userId ? { ...person, status, lastSeenAt } : person));
  showPeople(people);
}

/** The round trip is that of a command: it says that somebody is here, which is so. */
async function showConnection(connection) {
  const began = performance.now();
  await connection.send("presence-set", { status: document.hidden ? "away" : "online" });
  fillPairs(byId("own"), [
    ["Since", clock(since)],
    ["Carried by", connection.transport],
    ["Round trip", `${Math.round(performance.now() - began)} ms`],
  ]);
}
