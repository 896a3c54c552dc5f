/** Who and what the user can see: the rooms to join, and the names behind ids. */

import { EventFacts } from "./event-facts.js";

const OWN_ROOMS = { user: "All about you", notifications: "Yours", tasks: "Yours", analytics: "Yours" };
const TITLES_KEPT = 1_000;
const LISTS = ["/api/users", "/api/teams", "/api/departments", "/api/chat/conversations", "/api/tasks"];

export class Directory {
  #api;
  #userId;
  #names = new Map();
  #titles = new Map(); // of what events told of
  rooms = [];
  users = [];
  conversations = [];
  facts; // of events: rooms and people

  constructor(api, userId) {
    this.#api = api;
    this.#userId = userId;
    this.facts = new EventFacts(userId);
  }

  /** Ask the server anew. Of each list the first hundred count. */
  async load() {
    const pages = await Promise.all(LISTS.map((path) => this.#api.get(`${path}?limit=100`)));
    const [users, teams, departments, conversations, tasks] = pages.map((page) => page.items);
    for (const { id, name } of [...users, ...teams, ...departments]) this.#names.set(id, name);
    for (const conversation of conversations) this.#names.set(conversation.id, this.#titleOf(conversation));
    for (const task of tasks.reverse()) this.learn(task);
    this.users = users.map(({ id, name }) => ({ id, name: id === this.#userId ? `${name} (you)` : name }));
    this.conversations = conversations.map(({ id }) => ({ id, title: this.nameOf(id) }));
    this.rooms = [
      ...Object.entries(OWN_ROOMS).map(([kind, title]) => ({ kind, id: this.#userId, title })),
      ...this.#roomsOf("department", departments),
      ...this.#roomsOf("team", teams),
      ...this.#roomsOf("chat", conversations),
    ];
  }

  /** The name behind an id; "you" for the user, the end of the id when it is not known. */
  nameOf(id) {
    return id === this.#userId ? "you" : (this.#names.get(id) ?? this.titleOf(id) ?? `…${id.slice(-6)}`);
  }

  /** The title of a task or notification, if an event has told it. */
  titleOf(id) {
    return this.#titles.get(id);
  }

  /** Keep what an event or the list of tasks tells of a thing; later events have its id alone. */
  learn(thing) {
    this.facts.learn(thing);
    const { id, title } = thing;
    if (title === undefined) return;
    this.#titles.set(id, title);
    if (this.#titles.size > TITLES_KEPT) this.#titles.delete(this.#titles.keys().next().value);
  }

  #roomsOf(kind, things) {
    return things.map(({ id }) => ({ kind, id, title: this.nameOf(id) }));
  }

  #titleOf({ title, participantIds }) {
    const others = participantIds.filter((id) => id !== this.#userId);
    return title ?? `With ${others.map((id) => this.nameOf(id)).join(", ")}`;
  }
}
