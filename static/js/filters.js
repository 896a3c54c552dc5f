/** Which events are shown. What is chosen is in the page's address: it survives a reload, and can be sent to others. */

export class Filters {
  #form = document.getElementById("filters");
  #channels = new Map(); // of each event that can be chosen
  #facts;
  #onChange;

  /** `facts` knows rooms and people of an event; `onChange` is called when others match than before. */
  constructor(facts, onChange) {
    this.#facts = facts;
    this.#onChange = onChange;
    for (const group of this.#groups) {
      for (const option of group.children) this.#channels.set(option.value, group.label);
    }
    for (const [name, value] of new URLSearchParams(location.search)) this.#choose(name, value);
    this.#offerEventsOfChannel();
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("input", ({ target }) => this.#changed(target));
    document.getElementById("show-filters").addEventListener("click", (event) => this.#toggle(event.target));
  }

  /** Offer `rooms` and `users`, each `{value, title}`, to choose from. */
  offer({ rooms, users }) {
    this.#offer(this.#fields.room, rooms);
    this.#offer(this.#fields.user, users);
    this.#onChange();
  }

  matches(event) {
    const { channel, event: name, room, user, text } = this.#fields;
    return (
      [event.channel, ""].includes(channel.value) &&
      [event.name, ""].includes(name.value) &&
      (room.value === "" || this.#facts.cameBy(room.value, event)) &&
      (user.value === "" || this.#facts.isAbout(user.value, event)) &&
      event.text.includes(text.value.trim().toLowerCase())
    );
  }

  /** Let all through. */
  drop() {
    this.#form.reset();
    for (const select of this.#form.querySelectorAll("select")) select.value = "";
    this.#fields.text.value = "";
    this.#changed(this.#fields.channel);
  }

  get #fields() {
    return this.#form.elements;
  }

  get #groups() {
    return this.#fields.event.querySelectorAll("optgroup");
  }

  #changed(field) {
    if (field.name === "channel") this.#offerEventsOfChannel();
    const chosen = [...new FormData(this.#form)].filter(([, value]) => value !== "");
    history.replaceState(null, "", `${location.pathname}${chosen.length ? `?${new URLSearchParams(chosen)}` : ""}`);
    this.#onChange();
  }

  #offerEventsOfChannel() {
    const { channel, event } = this.#fields;
    for (const group of this.#groups) group.hidden = group.disabled = ![group.label, ""].includes(channel.value);
    if (channel.value && this.#channels.get(event.value) !== channel.value) event.value = "";
  }

  /** Choose what an address says; a room or a user that is not listed yet will be. */
  #choose(name, value) {
    const field = this.#fields[name];
    if (!field) return;
    if (["room", "user"].includes(name)) field.add(new Option(value, value));
    field.value = value;
    if (field.value === "" && field.options) field.selectedIndex = 0;
  }

  #offer(select, choices) {
    const chosen = select.value;
    const listed = choices.map(({ value, title }) => new Option(title, value));
    if (chosen && !choices.some(({ value }) => value === chosen)) listed.push(new Option(chosen, chosen));
    select.replaceChildren(select.options[0], ...listed);
    select.value = chosen;
  }

  #toggle(button) {
    const open = document.getElementById("selects").classList.toggle("open");
    button.setAttribute("aria-expanded", open);
  }
}
