/** The list of events, newest first: filtered, paused, cleared, gone through by the arrow keys; 500 at the most. */

import { aboutOf, showParts, wordsOf } from "./summary.js";

const KEPT = 500;
const TIME = { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" };

export class EventsView {
  #list = document.getElementById("events");
  #row = document.getElementById("event-row");
  #channels = new Map(); // of each event
  #directory;
  #shownBy;
  #onUnfold;
  #onDraw;
  #drawn = new Map(); // the event of each row, oldest first
  #arrived = []; // not drawn yet, oldest first
  #paused = false;
  #drawing = false;

  /**
   * `directory` knows the names behind ids. `shownBy(event)` says whether a row is shown, `onUnfold(event, row)` hears
   * of the first time that one is unfolded, and `onDraw({all, shown, waiting})` of the numbers after each change.
   */
  constructor(directory, { shownBy = () => true, onUnfold, onDraw }) {
    this.#directory = directory;
    this.#shownBy = shownBy;
    this.#onUnfold = onUnfold;
    this.#onDraw = onDraw;
    for (const [channel, names] of Object.entries(JSON.parse(this.#list.dataset.channels))) {
      for (const name of names) this.#channels.set(name, channel);
    }
  }

  /** All that was heard, oldest first. */
  get events() {
    const all = [...this.#drawn.values(), ...this.#arrived].slice(-KEPT);
    return all.map(({ name, payload, offset, at }) => ({ name, payload, offset, at }));
  }

  /** Show an event that has just come, or came `at` another time; while paused it waits. */
  add({ name, payload, offset, at = new Date() }) {
    const channel = this.#channels.get(name) ?? "connection";
    this.#arrived.push({ name, channel, payload, offset, at });
    if (this.#arrived.length > KEPT) this.#arrived.shift();
    this.#drawSoon();
  }

  pause(paused) {
    this.#paused = paused;
    this.#draw();
  }

  clear() {
    this.#arrived.length = 0;
    this.#drawn.clear();
    this.#list.replaceChildren();
    this.#count();
  }

  /** Ask again which rows are shown. */
  filter() {
    for (const [row, event] of this.#drawn) row.hidden = !this.#shownBy(event);
    this.#count();
  }

  /** Go to the newest event, or with the arrow keys from there; `before` is where the way up ends. */
  followArrows(before) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    const go = (event) => {
      const step = steps[event.key];
      if (step === undefined) return;
      const rows = [before, ...this.#list.querySelectorAll(":scope > :not([hidden]) summary")];
      const next = rows[rows.indexOf(document.activeElement) + step];
      if (next === undefined) return;
      event.preventDefault();
      next.focus();
    };
    before.addEventListener("keydown", go);
    this.#list.addEventListener("keydown", go);
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
      while (this.#list.children.length > KEPT) this.#drop(this.#list.lastElementChild);
    }
    this.#count();
  }

  #drop(row) {
    this.#drawn.delete(row);
    row.remove();
  }

  #rowOf(event) {
    const { name, channel, payload, offset, at } = event;
    this.#directory.learn(payload);
    const row = this.#row.content.firstElementChild.cloneNode(true);
    const texts = {
      time: at.toLocaleTimeString([], TIME),
      ".tag": channel,
      ".name": name,
      ".payload": JSON.stringify(payload, null, 2),
      ".offset": offset === undefined ? "Not stored: it has no offset." : `Offset ${offset}`,
    };
    for (const [place, text] of Object.entries(texts)) row.querySelector(place).textContent = text;
    showParts(row.querySelector(".words"), wordsOf(payload, (id) => this.#directory.titleOf(id)));
    showParts(row.querySelector(".about"), aboutOf(payload, (id) => this.#directory.nameOf(id)));
    row.querySelector("time").dateTime = at.toISOString();
    row.dataset.channel = channel;
    event.text = row.textContent.toLowerCase();
    row.hidden = !this.#shownBy(event);
    this.#drawn.set(row, event);
    const details = row.querySelector("details");
    if (this.#onUnfold) details.addEventListener("toggle", () => this.#onUnfold(event, row), { once: true });
    return row;
  }

  #count() {
    const shown = this.#list.querySelectorAll(":scope > :not([hidden])").length;
    this.#onDraw?.({ all: this.#drawn.size, shown, waiting: this.#arrived.length });
  }
}
