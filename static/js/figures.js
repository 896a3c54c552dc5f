/** The figures of every process over the last hour, as the server keeps them: so a reload shows the same. */

const HOUR = 3_600; // seconds
const LEAST = 300; // seconds
const STEP = 5; // seconds; of what a process tells in each the newest counts, so that processes share their times
const OVERLAP_MS = 15_000; // asked for again each time: processes don't store their samples at once
const MISSED = 4; // samples in a row, after which a process is taken for ended

export class Figures {
  #api;
  #samples = new Map(); // of each process, by the step that they were taken in
  #newest = null; // milliseconds

  constructor(api) {
    this.#api = api;
  }

  /** Ask for what is new, and forget what is older than an hour. */
  async load() {
    const after = this.#newest === null ? "" : `?after=${new Date(this.#newest - OVERLAP_MS).toISOString()}`;
    const { items } = await this.#api.get(`/api/monitoring/samples${after}`);
    for (const item of items) this.#keep(item);
    this.#forget();
  }

  /** The processes of the last hour, those that began first first. */
  get processes() {
    return [...this.#samples.keys()];
  }

  /** The newest sample of each process that runs, with `process` and `at` among the rest. */
  get latest() {
    const since = this.#now - MISSED * this.pause;
    return this.processes.map((process) => this.lastOf(process)).filter(({ at }) => Date.parse(at) / 1_000 > since);
  }

  lastOf(process) {
    return [...this.#samples.get(process).values()].at(-1);
  }

  /** For a plot: the times in seconds, and for each process and each of `keys` the values then, or null. */
  series(keys) {
    const all = [...this.#samples.values()];
    const steps = [...new Set(all.flatMap((samples) => [...samples.keys()]))].sort((a, b) => a - b);
    const line = (samples, key) => steps.map((step) => samples.get(step)?.[key] ?? null);
    const lines = all.flatMap((samples) => keys.map((key) => line(samples, key)));
    return [steps.map((step) => step * STEP), ...lines];
  }

  /** How many sockets went in the last hour, by reason, the most frequent first. */
  get disconnects() {
    const all = [...this.#samples.values()].flatMap((samples) => [...samples.values()]);
    const counts = all.map(({ disconnects }) => disconnects).reduce(added, {});
    return Object.entries(counts).sort(([, a], [, b]) => b - a);
  }

  /** How many slow consumers a process had in the last hour. */
  slowConsumers(process) {
    return [...this.#samples.get(process).values()].reduce((sum, { slowConsumers }) => sum + slowConsumers, 0);
  }

  /** From the first sample to now, in seconds by the server's clock: five minutes to an hour. */
  get range() {
    const first = Math.min(...[...this.#samples.values()].flatMap((samples) => [...samples.keys()])) * STEP;
    return [Math.min(Math.max(first, this.#now - HOUR), this.#now - LEAST), this.#now];
  }

  /** Seconds between two points of a line. */
  get pause() {
    return Math.max(STEP, ...this.processes.map((process) => this.lastOf(process).seconds));
  }

  get #now() {
    return (this.#newest ?? Date.now()) / 1_000;
  }

  #keep(item) {
    const at = Date.parse(item.at);
    if (!this.#samples.has(item.process)) this.#samples.set(item.process, new Map());
    const samples = this.#samples.get(item.process);
    if (at <= Date.parse(this.lastOf(item.process)?.at)) return; // it came before
    const step = Math.round(at / 1_000 / STEP);
    samples.set(step, samples.has(step) ? withCountsOf(samples.get(step), item) : item);
    this.#newest = Math.max(this.#newest ?? 0, at);
  }

  #forget() {
    const oldest = this.#now - HOUR;
    for (const [process, samples] of this.#samples) {
      for (const step of samples.keys()) if (step * STEP < oldest) samples.delete(step);
      if (samples.size === 0) this.#samples.delete(process);
    }
  }
}

/** A sample that takes the place of one before it also counts what that one did. */
function withCountsOf(before, sample) {
  const disconnects = added(before.disconnects, sample.disconnects);
  return { ...sample, disconnects, slowConsumers: before.slowConsumers + sample.slowConsumers };
}

function added(counts, more) {
  const sums = Object.entries(more).map(([reason, count]) => [reason, (counts[reason] ?? 0) + count]);
  return { ...counts, ...Object.fromEntries(sums) };
}
