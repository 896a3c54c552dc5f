/** The way of an event, for admins: committed, numbered, written by each process, heard here; how long each took. */

import { Refused } from "./api.js";
import { figure } from "./words.js";

/** Ask for the way of an event with `offset`, heard `at`, and show it in its row. */
export async function showWay(api, { name, offset, at }, row) {
  const list = document.createElement("ol");
  list.className = "way";
  list.setAttribute("aria-label", "The way of this event");
  row.querySelector("details").append(list);
  try {
    const way = await api.get(`/api/monitoring/ways/${encodeURIComponent(offset)}`);
    if (way.event !== name) return list.remove(); // an ephemeral event comes with the offset of a stored one
    list.replaceChildren(...drawn(stepsOf(way, at)));
  } catch (error) {
    const forgotten = error instanceof Refused && error.status === 404;
    const text = forgotten ? "Its way is no longer known." : `Its way can't be shown: ${error.message}`;
    list.replaceChildren(Object.assign(document.createElement("li"), { className: "muted", textContent: text }));
  }
}

/** What happened, and from when to when it took, in milliseconds after the commit. Times are told in whole ones. */
function stepsOf({ seq, cause, publishedAt, numberedAt, processes }, at) {
  const after = (moment) => moment - Date.parse(publishedAt);
  const firstWritten = Math.min(...processes.map(({ latency }) => latency));
  const numbered = numberedAt === null ? 0 : Math.min(after(Date.parse(numberedAt)), firstWritten);
  return [
    { title: cause ? `Committed, caused by ${cause}` : "Committed", from: 0, to: 0 },
    ...(numberedAt === null ? [] : [{ title: `Numbered ${seq}`, from: 0, to: numbered }]),
    ...processes.map(({ process, sockets, latency }) => ({
      title: `Written to ${sockets} ${sockets === 1 ? "socket" : "sockets"} by process ${process}`,
      from: numbered,
      to: latency,
    })),
    { title: "Heard here, by this device's clock", from: Math.min(firstWritten, after(at)), to: after(at) },
  ];
}

function drawn(steps) {
  const longest = Math.max(...steps.map(({ to }) => to), 1);
  const share = (of) => `${Math.min(Math.max(0, (of / longest) * 100), 99)}%`;
  return steps.map(({ title, from, to }) => {
    const step = document.createElement("li");
    const bar = span("bar-of-time", "");
    [bar.style.marginLeft, bar.style.width] = [share(from), share(to - from)];
    const after = span("took muted", `+${figure(to)} ms`.replace("+-", "−"));
    after.title = "after the commit";
    step.append(span("", title), span("took", `${figure(to - from)} ms`), after, bar);
    return step;
  });
}

function span(className, textContent) {
  return Object.assign(document.createElement("span"), { className, textContent });
}
