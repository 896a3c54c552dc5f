/** What every page has: the API, the socket and how it stands, and the shortcuts. */

import { Api } from "./api.js";
import { Connection } from "./connection.js";
import { forget } from "./kept.js";
import { listenForShortcuts } from "./shortcuts.js";

const { userId, login, admin } = document.body.dataset;

/** Whose page it is, and by which login. */
export const user = { id: userId, login, isAdmin: admin !== undefined };

export const api = new Api(document.querySelector('meta[name="csrf-token"]').content);

/**
 * Connect. `listener` may have `onState(state)`, `onConnect(recovered, connection)` and
 * `onEvent(name, payload, offset)`, as a {@link Connection}'s has. Returns the connection.
 */
export function connect({ onState, onConnect, onEvent }) {
  const connection = new Connection(api, {
    onState: (state, text) => {
      show(state, text);
      onState?.(state);
    },
    onConnect: (recovered) => {
      tellPresence(connection);
      return onConnect?.(recovered, connection);
    },
    onEvent: (...event) => onEvent?.(...event),
  });
  document.addEventListener("visibilitychange", () => tellPresence(connection));
  return connection;
}

function show(state, text) {
  document.getElementById("connection").dataset.state = state;
  document.getElementById("connection-text").textContent = text;
  document.getElementById("session-ended").hidden = state !== "ended";
  if (state === "ended") forget();
}

/** Say whether anybody looks at the page: who doesn't is away, and is sent pushes. */
function tellPresence(connection) {
  const status = document.hidden ? "away" : "online";
  connection.send("presence-set", { status }).catch(() => {}); // the next connect says it
}

document.getElementById("log-out").addEventListener("submit", forget);
listenForShortcuts();
