/** The page of forms that cause events, and of what comes of it. */

import { Directory } from "./directory.js";
import { EventsView } from "./events.js";
import { joinAll } from "./joining.js";
import { api, connect, user } from "./page.js";
import { TryIt } from "./try-it.js";

const directory = new Directory(api, user.id);
const events = new EventsView(directory, {
  onDraw: ({ all }) => (document.getElementById("no-events").hidden = all > 0),
});
const tryIt = new TryIt(api, user.id);

async function enterRooms(recovered, connection) {
  await directory.load();
  tryIt.offer(directory);
  const acks = await joinAll(directory.rooms, connection);
  const joined = acks.filter(({ ok }) => ok).length;
  document.getElementById("rooms-count").textContent = `${joined} of ${acks.length} rooms joined`;
}

connect({
  onConnect: (...how) => enterRooms(...how).catch((error) => tryIt.say(`The rooms can't be joined: ${error.message}`)),
  onEvent: (name, payload, offset) => events.add({ name, payload: payload ?? {}, offset }),
});
