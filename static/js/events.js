/** The list of events, newest first: filtered, searched, paused, cleared. The newest 500 are kept. */

import { aboutOf, wordsOf } from "./summary.js";

const KEPT = 500;
const TIME = { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" };
const byId = (id) => document.getElementById(id);

export class EventsView {
  #list = byId("events");
  #filters = byId("filters");
  #row = byId("event-row");
  #directory;
  #channels = new Map(); // of each event
  #arrived = []; // not shown yet, oldest first
  #paused = false;
  #drawing = false;

  /** `directory` knows the names behind ids. */
  constructor(directory) {
    this.#directory = directory;
    for (const group of this.#groups) {
      for (const option of group.children) this.#channels.set(option.value, group.label);
    }
    this.#filters.addEventListener("submit", (event) => event.preventDefault());
    this.#filters.addEventListener("input", (event) => this.#filter(event.target.name === "channel"));
    byId("show-all").addEventListener("click", () => this.#showAll());
    byId("pause").addEventListener("click", () => this.#pause(!this.#paused));
    byId("clear").addEventListener("click", () => this.#clear());
  }

  /** Show an event that has just come; while paused it waits. */
  add(name, payload, offset) {
    this.#arrived.push({ name, payload, offset, at: new Date() });
    if (this.#arrived.length > KEPT) this.#arrived.shift();
    this.#drawSoon();
  }

  /** Say that events are missing here. */
  addGap() {
    this.add("gap", { message: "What happened while the connection was lost can't be shown." });
  }

  get #groups() {
    return this.#filters.elements.event.querySelectorAll("optgroup");
  }

  /** Draw at most once a frame, however many events come. */
  #drawSoon() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#draw();
    });
  }

  #draw() {
    if (!this.#paused) {
      const rows = this.#arrived.splice(0).map((event) => this.#rowOf(event));
      this.#list.prepend(...rows.reverse());
      while (this.#list.children.length > KEPT) this.#list.lastElementChild.remove();
    }
    this.#count();
  }

  #rowOf({ name, payload, offset, at }) {
    this.#directory.learn(payload);
    const row = this.#row.content.firstElementChild.cloneNode(true);
    const channel = this.#channels.get(name) ?? "connection";
    const texts = {
      time: at.toLocaleTimeString([], TIME),
      ".tag": channel,
      ".name": name,
      ".words": wordsOf(payload, (id) => this.#directory.titleOf(id)),
      ".about": aboutOf(payload, (id) => this.#directory.nameOf(id)),
      ".payload": JSON.stringify(payload, null, 2),
      ".offset": offset === undefined ? "Not stored: it has no offset." : `Offset ${offset}`,
    };
    for (const [place, text] of Object.entries(texts)) row.querySelector(place).textContent = text;
    row.querySelector("time").dateTime = at.toISOString();
    Object.assign(row.dataset, { channel, event: name, text: row.textContent.toLowerCase() });
    row.hidden = !this.#matches(row);
    return row;
  }

  #filter(channelChanged) {
    const { channel, event } = this.#filters.elements;
    if (channelChanged) {
      for (const group of this.#groups) group.hidden = group.disabled = ![group.label, ""].includes(channel.value);
      if (channel.value && this.#channels.get(event.value) !== channel.value) event.value = "";
    }
    for (const row of this.#list.children) row.hidden = !this.#matches(row);
    this.#count();
  }

  #matches(row) {
    const { channel, event, text } = this.#filters.elements;
    return (
      [row.dataset.channel, ""].includes(channel.value) &&
      [row.dataset.event, ""].includes(event.value) &&
      row.dataset.text.includes(text.value.trim().toLowerCase())
    );
  }

  #showAll() {
    this.#filters.reset();
    this.#filter(true);
  }

  #pause(paused) {
    this.#paused = paused;
    byId("pause").setAttribute("aria-pressed", paused);
    byId("pause").textContent = paused ? "Resume" : "Pause";
    this.#draw();
  }

  #clear() {
    this.#arrived.length = 0;
    this.#list.replaceChildren();
    this.#count();
  }

  #count() {
    const all = this.#list.children.length;
    const shown = this.#list.querySelectorAll(":scope > :not([hidden])").length;
    byId("events-count").textContent = shown === all ? `${all}` : `${shown} of ${all}`;
    byId("no-events").hidden = all > 0;
    byId("no-matches").hidden = all === 0 || shown > 0;
    byId("paused").hidden = !this.#paused;
    byId("paused").textContent = `Paused; ${this.#arrived.length} waiting.`;
  }
}
