/** What a tab has heard, kept over a reload and a visit to another page: an hour of it, until the user logs out. */

const PLACE = "heard"; // in the storage of the tab
const HOUR_MS = 3_600_000;

/** `{events, offset, added}` of this login, as {@link keep} was given it; nothing after an hour. */
export function kept(login) {
  const found = JSON.parse(sessionStorage.getItem(PLACE));
  if (found?.login !== login || Date.now() - found.at > HOUR_MS) return { events: [], added: [] };
  const events = found.events.map((event) => ({ ...event, at: new Date(event.at) }));
  return { ...found, events: events.filter(({ at }) => Date.now() - at < HOUR_MS) };
}

/** Keep it; of more than the tab has room for, the newest. */
export function keep(login, { events, offset, added }) {
  for (let newest = events; ; newest = newest.slice(Math.ceil(newest.length / 2))) {
    try {
      sessionStorage.setItem(PLACE, JSON.stringify({ login, at: Date.now(), events: newest, offset, added }));
      return;
    } catch (error) {
      if (error.name !== "QuotaExceededError" || newest.length === 0) throw error;
    }
  }
}

export function forget() {
  sessionStorage.removeItem(PLACE);
}
