/** The forms that cause events. */

const ACTIONS = {
  notification: ({ to, title, message }, userId) => [
    "/api/notifications",
    { userId: to || userId, type: "greeting", title, message: message || "Sent from the dashboard." },
  ],
  message: ({ conversation, content }) => [`/api/chat/conversations/${conversation}/messages`, { content }],
  task: ({ to, title, priority }, userId) => ["/api/tasks", { title, assigneeId: to || userId, priority }],
};

export class TryIt {
  #api;
  #userId;
  #forms = document.querySelectorAll("form[data-action]");

  constructor(api, userId) {
    this.#api = api;
    this.#userId = userId;
    for (const form of this.#forms) form.addEventListener("submit", (event) => this.#submit(event));
  }

  /** Offer the conversations to write to, and the users to give something to, each of its list's `{id, …}`. */
  offer({ conversations, users }) {
    const others = users.filter(({ id }) => id !== this.#userId);
    for (const { elements } of this.#forms) {
      const { conversation, to } = elements;
      if (conversation && conversations.length > 0) fill(conversation, [], conversations);
      if (to) fill(to, [to.options[0]], others);
    }
  }

  /** What became of it. */
  say(text) {
    document.getElementById("outcome").textContent = text;
  }

  async #submit(event) {
    event.preventDefault();
    const form = event.target;
    const button = form.querySelector("button");
    const [path, body] = ACTIONS[form.dataset.action](Object.fromEntries(new FormData(form)), this.#userId);
    button.disabled = true;
    const outcome = await this.#api.post(path, body).then(
      () => "Done; watch it arrive.",
      (error) => `That did not work: ${error.message}`,
    );
    this.say(outcome);
    button.disabled = false;
    button.focus(); // which a disabled one loses
  }
}

function fill(select, first, things) {
  const chosen = select.value;
  select.replaceChildren(...first, ...things.map(({ id, name, title }) => new Option(title ?? name, id)));
  if (chosen) select.value = chosen;
}
