/** The forms that cause events. */

const ACTIONS = {
  notification: ({ title }, userId) => ["/api/notifications", { userId, type: "greeting", title, message: "You sent this yourself." }],
  message: ({ conversation, content }) => [`/api/chat/conversations/${conversation}/messages`, { content }],
  task: ({ title }, userId) => ["/api/tasks", { title, assigneeId: userId }],
};

export class TryIt {
  #api;
  #userId;
  #outcome = document.getElementById("outcome");
  #conversations = document.getElementById("conversations");

  constructor(api, userId) {
    this.#api = api;
    this.#userId = userId;
    for (const form of document.querySelectorAll("#try-it form")) {
      form.addEventListener("submit", (event) => this.#submit(event));
    }
    const first = document.querySelector("#try-it form");
    document.getElementById("first-notification").addEventListener("click", () => first.requestSubmit());
  }

  /** Offer `conversations`, each `{id, title}`, to write to. */
  offer(conversations) {
    const chosen = this.#conversations.value;
    const options = conversations.map(({ id, title }) => new Option(title, id, false, id === chosen));
    if (options.length > 0) this.#conversations.replaceChildren(...options);
  }

  async #submit(event) {
    event.preventDefault();
    const form = event.target;
    const button = form.querySelector("button");
    const [path, body] = ACTIONS[form.dataset.action](Object.fromEntries(new FormData(form)), this.#userId);
    button.disabled = true;
    this.#outcome.textContent = await this.#api.post(path, body).then(
      () => "Done; watch it arrive.",
      (error) => `That did not work: ${error.message}`,
    );
    button.disabled = false;
  }
}
