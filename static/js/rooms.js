/** The list of rooms: joins them, and shows which the socket is in. */

import { joinAll, nameOf } from "./joining.js";

export class RoomsView {
  #list = document.getElementById("rooms");
  #note = document.getElementById("rooms-note");
  #count = document.getElementById("rooms-count");
  #row = document.getElementById("room-row");
  #joined = new Set();
  #rows = new Map();

  /** Show `rooms`, each `{kind, id, title}`, in place of those before. */
  show(rooms) {
    this.#joined.clear();
    this.#rows = new Map(rooms.map((room) => [nameOf(room), this.#rowOf(room)]));
    this.#list.replaceChildren(...this.#rows.values());
    this.say("");
  }

  /** Show one more room, or the one that is there, and join it. Returns the acknowledgement. */
  async add(room, connection) {
    if (!this.#rows.has(nameOf(room))) {
      this.#rows.set(nameOf(room), this.#rowOf(room));
      this.#list.append(this.#rows.get(nameOf(room)));
    }
    const [ack] = await this.join([room], connection);
    return ack;
  }

  /** Join all of `rooms`, as {@link joinAll} does. */
  join(rooms, connection, since) {
    return joinAll(rooms, connection, { since, onJoin: (room, ack) => this.#show(nameOf(room), ack) });
  }

  /** The socket is in none of the rooms any more. */
  disconnected() {
    for (const name of this.#rows.keys()) this.#mark(name, "waiting", "not joined");
  }

  /** The server took the socket out of a room. */
  left({ room, reason }) {
    this.#mark(room, "refused", `left: ${reason.replace("_", " ")}`);
  }

  /** A remark on the list as a whole. */
  say(text) {
    this.#note.textContent = text;
  }

  #show(name, ack) {
    if (ack === undefined) this.#mark(name, "waiting", "joining …");
    else if (ack.ok) this.#mark(name, "joined", "joined");
    else this.#mark(name, "refused", ack.error.message);
  }

  #mark(name, state, text) {
    const row = this.#rows.get(name);
    if (row === undefined) return;
    row.dataset.state = state;
    row.querySelector(".standing").textContent = text;
    if (state === "joined") this.#joined.add(name);
    else this.#joined.delete(name);
    this.#count.textContent = `${this.#joined.size} of ${this.#rows.size} joined`;
  }

  #rowOf(room) {
    const row = this.#row.content.firstElementChild.cloneNode(true);
    row.title = nameOf(room);
    row.dataset.channel = room.kind;
    row.querySelector(".tag").textContent = room.kind;
    row.querySelector(".title").textContent = room.title;
    return row;
  }
}
