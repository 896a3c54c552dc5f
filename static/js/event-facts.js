/**
 * Which rooms an event came by and whom it is about. Events don't say their rooms; their payloads do, or for a change
 * of a task what was told of the task before.
 */

const TASKS_KEPT = 1_000;

export class EventFacts {
  #userId;
  #tasks = new Map(); // by id, with the people and the team of each

  constructor(userId) {
    this.#userId = userId;
  }

  /** Keep whose a task is: later changes tell its id alone. */
  learn({ id, creatorId, assigneeId, teamId }) {
    if (creatorId === undefined) return;
    this.#tasks.set(id, { creatorId, assigneeId, teamId });
    if (this.#tasks.size > TASKS_KEPT) this.#tasks.delete(this.#tasks.keys().next().value);
  }

  /** Whether it came by `room`; where that can't be told, it did not. */
  cameBy(room, { channel, payload }) {
    return this.#rooms(channel, payload).includes(room);
  }

  /** Whether the user of that id did it, is in it, or is whom it is for. */
  isAbout(userId, { channel, payload, text }) {
    const { creatorId, assigneeId } = this.#taskOf(channel, payload);
    const own = channel === "notifications" && userId === this.#userId;
    return own || [creatorId, assigneeId].includes(userId) || text.includes(userId);
  }

  #rooms(channel, payload) {
    switch (channel) {
      case "notifications":
        return [`notifications-${this.#userId}`];
      case "chat":
        return [`chat-${payload.conversationId}`];
      case "analytics":
        return [`analytics-${payload.userId}`];
      case "tasks": {
        const { creatorId, assigneeId, teamId } = this.#taskOf(channel, payload);
        return [`tasks-${creatorId}`, `tasks-${assigneeId}`, `team-${teamId}`];
      }
      default:
        return [payload.room];
    }
  }

  #taskOf(channel, payload) {
    return (channel === "tasks" && this.#tasks.get(payload.taskId ?? payload.id)) || {};
  }
}
