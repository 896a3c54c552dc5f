/** The list of rooms: joins them, and shows which the socket is in. */

const AT_ONCE = 50; // joins a second; the server takes so many commands
const SECOND = 1_000;

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

  /**
   * Join all of `rooms`. With `since`, an offset, the server first sends what each has missed after it.
   * Returns the acknowledgements.
   */
  async join(rooms, connection, since) {
    const acks = [];
    for (let start = 0; start < rooms.length; start += AT_ONCE) {
      if (start > 0) await new Promise((go) => setTimeout(go, SECOND));
      const batch = rooms.slice(start, start + AT_ONCE);
      acks.push(...(await Promise.all(batch.map((room) => this.#join(room, connection, since)))));
    }
    return acks;
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

  async #join(room, connection, since) {
    const name = nameOf(room);
    const socketId = connection.id;
    this.#mark(name, "waiting", "joining …");
    const ack = await connection.send(`join-${room.kind}`, room.id, since ? { since } : {}).catch(noAnswer);
    if (connection.id !== socketId) return ack; // the next connect has begun to join anew
    if (ack.ok) this.#mark(name, "joined", "joined");
    else this.#mark(name, "refused", ack.error.message);
    return ack;
  }

  #mark(name, state, text) {
    const row = this.#rows.get(name);
    if (row === undefined) return;
    row.dataset.state = state;
    row.querySelector(".state").textContent = text;
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

function nameOf({ kind, id }) {
  return `${kind}-${id}`;
}

function noAnswer() {
  return { ok: false, error: { message: "no answer" } };
}
