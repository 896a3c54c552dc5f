// The same application as drop_in.py, on Socket.IO for Node.js. Settings come from the environment: PORT, SECRET,
// EVENT, PAYLOAD, LEAD and PING_INTERVAL in seconds.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "socket.io";

const { PORT, SECRET, EVENT, PAYLOAD, LEAD, PING_INTERVAL } = process.env;
const FILLING = "x".repeat(Number(PAYLOAD) - '{"at":"","filling":""}'.length - 20);

const http = createServer(control);
const io = new Server(http, { pingInterval: Number(PING_INTERVAL) * 1000 });
const pauses = monitorEventLoopDelay({ resolution: 1 });

io.use((socket, next) => next(isValid(socket.handshake.auth.token) ? undefined : new Error("unauthorized")));

io.on("connection", (socket) => {
  socket.on("join", (room, ack) => {
    socket.join(room);
    ack("ok");
  });
  socket.on("ping-me", (payload, ack) => ack(payload));
});

function isValid(token) {
  const [header, body, signature] = String(token).split(".");
  const expected = createHmac("sha256", SECRET).update(`${header}.${body}`).digest();
  const given = Buffer.from(signature ?? "", "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
  const { alg } = JSON.parse(Buffer.from(header, "base64url"));
  const { exp } = JSON.parse(Buffer.from(body, "base64url"));
  return alg === "HS256" && exp > Date.now() / 1000;
}

async function emitAll(room, rooms, events, gap) {
  await sleep(LEAD * 1000);
  for (let number = 0; number < events; number++) {
    const at = process.hrtime.bigint().toString().padStart(20, "0");
    io.to(`${room}-${number % rooms}`).emit(EVENT, { at, filling: FILLING });
    await sleep(gap * 1000);
  }
}

function control(request, response) {
  const { pathname, searchParams } = new URL(request.url, "http://127.0.0.1");
  let answer = "ok";
  if (pathname === "/emit") {
    emitAll(searchParams.get("room"), ...["rooms", "events", "gap"].map((name) => Number(searchParams.get(name))));
  } else if (pathname === "/pauses" && request.method === "POST") {
    pauses.reset();
    pauses.enable();
  } else if (pathname === "/pauses") {
    pauses.disable();
    answer = String(pauses.max / 1e6);
  }
  response.end(answer);
}

http.listen(Number(PORT), "127.0.0.1");
