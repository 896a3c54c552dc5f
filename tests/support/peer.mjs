// The unmodified socket.io-client, driven from Python (js_client.py): a request a line on stdin, and on stdout,
// a line each, the answers and all that the sockets hear, in order.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const sockets = new Map();
const kept = new Map(); // by client: what it heard since `keep`
const now = () => Number(process.hrtime.bigint()) / 1e9; // on Linux the clock of Python's time.monotonic()
const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const requests = {
  connect({ client, url, options }) {
    const note = (kind, value) => tell({ client, kind, value });
    const socket = io(url, { forceNew: true, ...options });
    sockets.set(client, socket);
    socket.onAny((event, ...args) => {
      if (kept.has(client)) kept.get(client).push({ at: now(), event, args });
      else note("event", { event, args });
    });
    let asked;
    socket.io.on("open", () => (asked = now())); // the socket's own listener, which sends CONNECT, ran just before
    socket.on("connect", () => {
      const { engine } = socket.io;
      note("transport", engine.transport.name);
      engine.on("upgrade", (transport) => note("transport", transport.name));
      note("connect", { id: socket.id, recovered: socket.recovered ?? false, asked });
    });
    socket.on("connect_error", ({ message, data }) => note("connect_error", { message, data: data ?? null }));
    socket.on("disconnect", (reason) => note("disconnect", reason));
  },
  emit({ client, event, args }) {
    sockets.get(client).emit(event, ...args);
  },
  async emitWithAck({ client, event, args, milliseconds }) {
    return await sockets.get(client).timeout(milliseconds).emitWithAck(event, ...args);
  },
  // Ends the transport below the socket, which then reconnects by itself.
  drop({ client }) {
    sockets.get(client).io.engine.close();
  },
  // The next reconnect goes to another process, as a load balancer may have it.
  redirect({ client, url }) {
    sockets.get(client).io.uri = url;
  },
  reopen({ client }) {
    sockets.get(client).connect();
  },
  close({ client }) {
    sockets.get(client).disconnect();
  },
  // From now on the client's events stay here, each with its moment: to write them takes longer than to hear them.
  keep({ client }) {
    kept.set(client, []);
  },
  async kept({ client, count, milliseconds }) {
    const deadline = now() + milliseconds / 1000;
    while (kept.get(client).length < count && now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    const heard = kept.get(client);
    kept.delete(client);
    return heard;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, request, ...rest } = JSON.parse(line);
  // Not awaited: a slow ack of one socket holds up no other.
  Promise.resolve()
    .then(() => requests[request](rest))
    .then((value) => tell({ id, value: value ?? null }))
    .catch((error) => tell({ id, error: String(error) }));
}
process.exit(0);
