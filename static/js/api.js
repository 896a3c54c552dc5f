/** The REST interface, called with access tokens that the server gives for the session cookie. */

const SHARE_OF_LIFETIME = 0.5; // a token is used for so long, so that none expires on its way

/** The browser is no longer logged in, or as somebody else. */
export class SessionEnded extends Error {
  constructor() {
    super("Your session has ended.");
  }
}

/** The server answered with an error: `message` is for people, `status` the one of HTTP, `answer` the whole body. */
export class Refused extends Error {
  constructor(status, answer) {
    const { message = `The server answered ${status}.`, details } = answer?.error ?? {};
    const reasons = Object.entries(details ?? {}).map(([field, reason]) => `${field}: ${reason}`);
    super([message, ...reasons].join(" "));
    this.status = status;
    this.answer = answer;
  }
}

export class Api {
  #csrfToken;
  #token = null;
  #goodUntil = 0;

  constructor(csrfToken) {
    this.#csrfToken = csrfToken;
  }

  get(path) {
    return this.#call("GET", path);
  }

  post(path, body) {
    return this.#call("POST", path, body);
  }

  delete(path, body) {
    return this.#call("DELETE", path, body);
  }

  /** A new access token, and after how many milliseconds to ask for the next. */
  async newToken() {
    const response = await fetch("/dashboard/token", {
      method: "POST",
      headers: { "X-CSRFToken": this.#csrfToken },
    });
    if (response.status === 400 || response.status === 401) throw new SessionEnded();
    const { accessToken, expiresIn } = await read(response);
    const goodFor = expiresIn * 1000 * SHARE_OF_LIFETIME;
    this.#token = accessToken;
    this.#goodUntil = Date.now() + goodFor;
    return { token: accessToken, goodFor };
  }

  async #call(method, path, body) {
    if (Date.now() >= this.#goodUntil) await this.newToken();
    const headers = { Authorization: `Bearer ${this.#token}`, "Content-Type": "application/json" };
    return read(await fetch(path, { method, headers, body: JSON.stringify(body) }));
  }
}

async function read(response) {
  const answer = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}
