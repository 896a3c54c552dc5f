/** The button that asks for pushes to this device. */

const WORKER = "/push-worker.js";
const SUBSCRIPTIONS = "/api/push/subscriptions";
const ASKED_BY = "pushes-asked-by"; // in the browser's storage: who wanted them here, which others in it did not say
const LABELS = { off: "Notify me on this device", on: "Don't notify me here" };

export class PushButton {
  #api;
  #userId;
  #panel = document.getElementById("push");
  #button = document.getElementById("push-button");
  #note = document.getElementById("push-note");
  #key;
  #subscription = null;

  constructor(api, userId) {
    this.#api = api;
    this.#userId = userId;
  }

  /** Offer it, where the browser can and the server does. What was asked for before is renewed. */
  async offer() {
    if (!("serviceWorker" in navigator && "PushManager" in window)) return;
    try {
      this.#key = (await this.#api.get("/api/push/public-key")).publicKey;
    } catch (error) {
      console.info("No pushes:", error.message);
      return;
    }
    this.#button.addEventListener("click", () => this.#toggle());
    await this.#renew();
    this.#panel.hidden = false;
  }

  /** A login that begins anew, or a server that has a new key, knows nothing of the subscription yet. */
  async #renew() {
    const registration = await navigator.serviceWorker.getRegistration("/");
    const found = await registration?.pushManager.getSubscription();
    const askedBy = localStorage.getItem(ASKED_BY);
    if (found && askedBy === this.#userId) return this.#try(() => this.#subscribe());
    if (found && askedBy) await this.#try(() => this.#forget(found)); // it would show what is another's
    this.#show(null);
  }

  async #toggle() {
    this.#button.disabled = true;
    await this.#try(() => (this.#subscription ? this.#unsubscribe() : this.#ask()));
    this.#button.disabled = false;
  }

  async #ask() {
    const permission = await Notification.requestPermission();
    if (permission !== "granted") throw new Error("This browser does not let the page notify you: see its settings.");
    await this.#subscribe();
  }

  async #subscribe() {
    await navigator.serviceWorker.register(WORKER);
    const { pushManager } = await navigator.serviceWorker.ready;
    const before = await pushManager.getSubscription();
    if (before && keyOf(before) !== this.#key) await before.unsubscribe();
    const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: this.#key });
    await this.#api.post(SUBSCRIPTIONS, subscription.toJSON());
    localStorage.setItem(ASKED_BY, this.#userId);
    this.#show(subscription);
  }

  async #unsubscribe() {
    const { endpoint } = this.#subscription;
    await this.#forget(this.#subscription);
    this.#show(null);
    await this.#api.delete(SUBSCRIPTIONS, { endpoint }).catch(() => {}); // else the push service tells the server
  }

  async #forget(subscription) {
    await subscription.unsubscribe();
    localStorage.removeItem(ASKED_BY);
  }

  async #try(act) {
    this.#note.textContent = "";
    try {
      await act();
    } catch (error) {
      this.#note.textContent = `That did not work: ${error.message}`;
    }
  }

  #show(subscription) {
    this.#subscription = subscription;
    this.#button.textContent = subscription ? LABELS.on : LABELS.off;
  }
}

function keyOf({ options }) {
  const bytes = new Uint8Array(options.applicationServerKey);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
