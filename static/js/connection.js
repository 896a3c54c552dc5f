/** The socket: it connects with a new token each time, outlives the token's expiry, and says how it stands. */

import { SessionEnded } from "./api.js";

const RETRY_MS = 1_000; // until the next try after the server refused; the client's own retries are for lost links
const ACK_MS = 5_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1; // a longer one would fire at once

export class Connection {
  #api;
  #listener;
  #socket;
  #renewal;
  #lastError = null;

  /**
   * `listener` has `onState(state, text)`, `onConnect(recovered)` (true: the server itself sends what was missed) and
   * `onEvent(name, payload, offset)`.
   */
  constructor(api, listener) {
    this.#api = api;
    this.#listener = listener;
    this.#socket = window.io({ auth: (give) => this.#authenticate(give) });
    this.#socket.on("connect", () => this.#connected());
    this.#socket.on("disconnect", (reason) => this.#disconnected(reason));
    this.#socket.on("connect_error", (error) => this.#failed(error));
    this.#socket.on("error", (error) => (this.#lastError = error));
    this.#socket.onAny((...event) => listener.onEvent(...event));
  }

  /** Changes with each connect. */
  get id() {
    return this.#socket.id;
  }

  /** What carries it now: `websocket`, or `polling`. */
  get transport() {
    return this.#socket.io.engine.transport.name;
  }

  /** Send a command and return its ack; throws when none comes in five seconds. */
  send(name, ...args) {
    return this.#socket.timeout(ACK_MS).emitWithAck(name, ...args);
  }

  async #authenticate(give) {
    try {
      const { token, goodFor } = await this.#api.newToken();
      this.#renewIn(goodFor);
      give({ token });
    } catch (error) {
      this.#socket.disconnect();
      if (error instanceof SessionEnded) this.#end();
      else this.#retry(error.message);
    }
  }

  #connected() {
    this.#lastError = null;
    this.#listener.onState("connected", "Connected");
    this.#listener.onConnect(this.#socket.recovered);
  }

  #disconnected(reason) {
    clearTimeout(this.#renewal);
    if (this.#socket.active) this.#listener.onState("waiting", `Reconnecting … (${reason})`);
    else if (reason === "io server disconnect") this.#retry(this.#lastError?.message ?? "The server hung up.");
  }

  #failed(error) {
    if (this.#socket.active) this.#listener.onState("waiting", "Reconnecting … (no answer)");
    else this.#retry(error.message);
  }

  #retry(why) {
    this.#listener.onState("refused", `Not connected: ${why}`);
    setTimeout(() => this.#socket.connect(), RETRY_MS);
  }

  #end() {
    this.#listener.onState("ended", "Not connected: logged out");
  }

  #renewIn(milliseconds) {
    clearTimeout(this.#renewal);
    this.#renewal = setTimeout(() => this.#renew(), Math.min(milliseconds, LONGEST_TIMER_MS));
  }

  /** What fails here ends in a disconnect at the expiry, and that in a connect with a new token. */
  async #renew() {
    try {
      const { token, goodFor } = await this.#api.newToken();
      const ack = await this.send("refresh-auth", { token });
      if (ack.ok) this.#renewIn(goodFor);
    } catch (error) {
      console.warn("The token was not renewed.", error);
    }
  }
}
