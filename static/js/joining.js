/** Joining rooms, no more at a time than the server takes. */

const AT_ONCE = 50; // joins a second; the server takes so many commands
const SECOND = 1_000;

/** The name of a room, as the server and an address have it. */
export function nameOf({ kind, id }) {
  return `${kind}-${id}`;
}

/**
 * Join all of `rooms`, each `{kind, id}`. With `since`, an offset, the server first sends what each has missed after
 * it. `onJoin(room, ack)` hears of each; while it waits, without an ack. Returns the acknowledgements.
 */
export async function joinAll(rooms, connection, { since, onJoin = () => {} } = {}) {
  const acks = [];
  for (let start = 0; start < rooms.length; start += AT_ONCE) {
    if (start > 0) await new Promise((go) => setTimeout(go, SECOND));
    const batch = rooms.slice(start, start + AT_ONCE);
    acks.push(...(await Promise.all(batch.map((room) => join(room, connection, since, onJoin)))));
  }
  return acks;
}

async function join(room, connection, since, onJoin) {
  const socketId = connection.id;
  onJoin(room);
  const ack = await connection.send(`join-${room.kind}`, room.id, since ? { since } : {}).catch(noAnswer);
  if (connection.id === socketId) onJoin(room, ack); // else the next connect has begun to join anew
  return ack;
}

function noAnswer() {
  return { ok: false, error: { message: "no answer" } };
}
