/** The form that adds a room to those that one hears without asking. */

const KINDS_OF_OTHERS = { tasks: "Tasks of", analytics: "Analytics of" };

export class OtherRooms {
  #form = document.getElementById("add-room");
  #join;
  rooms;

  /** `rooms` were added before; `join(room)` joins one, and returns whether the server let it. */
  constructor(rooms, join) {
    this.rooms = rooms;
    this.#join = join;
    this.#form.addEventListener("submit", (event) => this.#add(event));
  }

  /** Suggest the rooms of `users`, each `{id, name}`. */
  offer(users) {
    const options = Object.entries(KINDS_OF_OTHERS).flatMap(([kind, of]) =>
      users.map(({ id, name }) => suggestion(`${kind}-${id}`, `${of} ${name}`)),
    );
    document.getElementById("room-names").replaceChildren(...options);
  }

  async #add(event) {
    event.preventDefault();
    const field = this.#form.elements.room;
    const room = this.#roomNamed(field.value.trim());
    if (!(await this.#join(room))) return;
    const known = this.rooms.some(({ kind, id }) => kind === room.kind && id === room.id);
    if (!known) this.rooms.push(room);
    field.value = "";
  }

  #roomNamed(name) {
    const [, kind, id] = /^([a-z]+)-(.+)$/.exec(name);
    const suggested = document.querySelector(`#room-names option[value="${CSS.escape(name)}"]`);
    return { kind, id, title: suggested?.label ?? `…${id.slice(-6)}` };
  }
}

function suggestion(value, label) {
  return Object.assign(document.createElement("option"), { value, label });
}
