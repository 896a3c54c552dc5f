/** The page of live events. This joins its parts. */

import { Directory } from "./directory.js";
import { EventsView } from "./events.js";
import { Filters } from "./filters.js";
import { keep, kept } from "./kept.js";
import { nameOf } from "./joining.js";
import { OtherRooms } from "./other-rooms.js";
import { api, connect, user } from "./page.js";
import { PushButton } from "./push.js";
import { RoomsView } from "./rooms.js";
import { TryIt } from "./try-it.js";
import { showWay } from "./way.js";

const NARROW = matchMedia("(max-width: 60rem)"); // as in page.css
const byId = (id) => document.getElementById(id);

const before = kept(user.login);
const directory = new Directory(api, user.id);
const rooms = new RoomsView();
const others = new OtherRooms(before.added, async (room) => {
  const ack = await rooms.add(room, connection);
  offerFilters();
  return ack.ok;
});
const filters = new Filters(directory.facts, () => events.filter());
const events = new EventsView(directory, {
  shownBy: (event) => filters.matches(event),
  onUnfold: (event, row) => user.isAdmin && event.offset !== undefined && showWay(api, event, row),
  onDraw: showCounts,
});
const tryIt = new TryIt(api, user.id);
let lastOffset = before.offset; // of what was heard; a later connect asks for what came after it
let ended = false; // the session, and with it what is kept

async function enterRooms(recovered, connection) {
  try {
    await directory.load();
    const all = [...directory.rooms, ...others.rooms];
    rooms.show(all);
    others.offer(user.isAdmin ? directory.users : []);
    offerFilters();
    tryIt.offer(directory);
    const acks = await rooms.join(all, connection, recovered ? undefined : lastOffset);
    lastOffset ??= acks[0].offset;
    if (acks.some(({ gap }) => gap)) hear("gap", { message: "What happened meanwhile can't be shown." });
  } catch (error) {
    rooms.say(`The rooms can't be joined: ${error.message} Reload the page to try again.`);
  }
}

function offerFilters() {
  const all = [...directory.rooms, ...others.rooms];
  filters.offer({
    rooms: all.map((room) => ({ value: nameOf(room), title: `${room.kind}: ${room.title}` })),
    users: directory.users.map(({ id, name }) => ({ value: id, title: name })),
  });
}

function hear(name, payload, offset) {
  if (name === "room-left") rooms.left(payload);
  lastOffset = offset ?? lastOffset;
  events.add({ name, payload: payload ?? {}, offset });
}

function showState(state) {
  if (state !== "connected") rooms.disconnected();
  ended ||= state === "ended";
}

function leave() {
  if (!ended) keep(user.login, { events: events.events, offset: lastOffset, added: others.rooms });
}

function showCounts({ all, shown, waiting }) {
  byId("events-count").textContent = shown === all ? `${all}` : `${shown} of ${all}`;
  byId("no-events").hidden = all > 0;
  byId("no-matches").hidden = all === 0 || shown > 0;
  byId("paused").textContent = `Paused; ${waiting} waiting.`;
}

function pause() {
  const paused = byId("paused").hidden;
  byId("paused").hidden = !paused;
  byId("pause").setAttribute("aria-pressed", paused);
  byId("pause").textContent = paused ? "Resume" : "Pause";
  events.pause(paused);
}

for (const panel of document.querySelectorAll("aside details")) panel.open = !NARROW.matches;
for (const event of before.events) events.add(event);
events.followArrows(byId("text"));
byId("pause").addEventListener("click", pause);
byId("clear").addEventListener("click", () => events.clear());
byId("show-all").addEventListener("click", () => filters.drop());
byId("first-notification").addEventListener("click", () => byId("try-notification").requestSubmit());
byId("log-out").addEventListener("submit", () => (ended = true));
addEventListener("pagehide", leave);
new PushButton(api, user.id).offer();
const connection = connect({ onState: showState, onConnect: enterRooms, onEvent: hear });
