/** The dashboard: a client of the server like any other. This joins its parts. */

import { Api } from "./api.js";
import { Connection } from "./connection.js";
import { Directory } from "./directory.js";
import { EventsView } from "./events.js";
import { PushButton } from "./push.js";
import { RoomsView } from "./rooms.js";
import { TryIt } from "./try-it.js";

const NARROW = matchMedia("(max-width: 60rem)"); // as in dashboard.css

const { userId } = document.body.dataset;
const api = new Api(document.querySelector('meta[name="csrf-token"]').content);
const directory = new Directory(api, userId);
const rooms = new RoomsView();
const events = new EventsView(directory);
const tryIt = new TryIt(api, userId);
let lastOffset; // of what was heard; a later connect asks for what came after it

function showState(state, text) {
  document.getElementById("connection").dataset.state = state;
  document.getElementById("connection-text").textContent = text;
  document.getElementById("session-ended").hidden = state !== "ended";
  if (state !== "connected") rooms.disconnected();
}

async function enterRooms(recovered) {
  try {
    await directory.load();
    rooms.show(directory.rooms);
    tryIt.offer(directory.conversations);
    const acks = await rooms.join(directory.rooms, connection, recovered ? undefined : lastOffset);
    lastOffset ??= acks[0].offset;
    if (acks.some(({ gap }) => gap)) events.addGap();
  } catch (error) {
    rooms.say(`The rooms can't be joined: ${error.message} Reload the page to try again.`);
  }
}

/** Say whether anybody looks at the page: who doesn't is away, and is sent pushes. */
function tellPresence() {
  connection.send("presence-set", { status: document.hidden ? "away" : "online" }).catch(() => {}); // the next connect says it
}

function connected(recovered) {
  tellPresence();
  return enterRooms(recovered);
}

function hear(name, payload, offset) {
  if (name === "room-left") rooms.left(payload);
  lastOffset = offset ?? lastOffset;
  events.add(name, payload ?? {}, offset);
}

for (const panel of document.querySelectorAll("aside details")) panel.open = !NARROW.matches;
new PushButton(api, userId).offer();
const connection = new Connection(api, { onState: showState, onConnect: connected, onEvent: hear });
document.addEventListener("visibilitychange", tellPresence);
