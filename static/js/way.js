/** The way of an event, for admins: committed, numbered, written by each process, heard here; and when, after the commit. */

import { Refused } from "./api.js";

/** Ask for the way of an event with `offset`, heard `at`, and show it in its row. */
export async function showWay(api, { name, offset, at }, row) {
  const list = document.createElement("ol");
  list.className = "way";
  list.setAttribute("aria-label", "The way of this event");
  row.querySelector("details").append(list);
  try {
    const way = await api.get(`/api/monitoring/ways/${seqOf(offset)}`);
    if (way.event !== name) return list.remove(); // an ephemeral event comes with the offset of a stored one
    list.replaceChildren(...drawn(stepsOf(way, at)));
  } catch (error) {
    const text = error instanceof Refused && error.status === 404 ? "Its way is no longer known." : `Its way can't be shown: ${error.message}`;
    list.replaceChildren(Object.assign(document.createElement("li"), { className: "muted", textContent: text }));
  }
}

/** An offset of a replay is `seq:reached:room`: the event is the one that was reached. */
function seqOf(offset) {
  const [seq, reached] = offset.split(":");
  return reached ?? seq;
}

function stepsOf({ seq, cause, publishedAt, numberedAt, processes }, at) {
  const began = milliseconds(publishedAt);
  return [
    { title: cause ? `Committed, caused by ${cause}` : "Committed", after: 0 },
    ...(numberedAt === null ? [] : [{ title: `Numbered ${seq}`, after: milliseconds(numberedAt) - began }]),
    ...processes.map(({ process, sockets, writtenAt }) => ({
      title: `Written to ${sockets} ${sockets === 1 ? "socket" : "sockets"} by process ${process}`,
      after: milliseconds(writtenAt) - began,
    })),
    { title: "Heard here, by this device's clock", after: at.getTime() - began },
  ];
}

function drawn(steps) {
  const longest = Math.max(...steps.map(({ after }) => after), 1);
  return steps.map(({ title, after }) => {
    const step = document.createElement("li");
    const [what, took, bar] = ["span", "span", "span"].map((tag) => document.createElement(tag));
    what.textContent = title;
    Object.assign(took, { className: "took", textContent: `${after < 0 ? "−" : "+"}${Math.abs(after).toFixed(1)} ms` });
    bar.className = "bar-of-time";
    bar.style.width = `${Math.max(0, (after / longest) * 100)}%`;
    step.append(what, took, bar);
    return step;
  });
}

/** Of a time in ISO 8601, with what it says beneath a millisecond. */
function milliseconds(iso) {
  const [, fraction = "0"] = /\.(\d+)/.exec(iso) ?? [];
  return Date.parse(iso.replace(/\.\d+/, "")) + Number(`0.${fraction}`) * 1_000;
}
