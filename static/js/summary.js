/** An event in a line, whichever it is: the words in its payload, and whom and what its ids stand for. */

const WORDS = [
  ({ title }) => title,
  ({ content }) => content,
  ({ message }) => message,
  ({ status, previousStatus }) => (previousStatus ? `${previousStatus} → ${status}` : status),
  ({ progress }) => progress !== undefined && `${progress} %`,
  ({ reactions }) => reactions && Object.entries(reactions).map(([emoji, users]) => `${emoji} ${users.length}`).join(" "),
  ({ typing }) => typing !== undefined && (typing ? "is typing" : "stopped typing"),
  ({ score }) => score !== undefined && `score ${score === null ? "unknown" : Number(score.toFixed(1))}`,
  ({ messageId, readAt }) => messageId && readAt && "has read",
  ({ unreadCount }) => unreadCount !== undefined && `${unreadCount} unread`,
  ({ room, reason }) => room && `${room}: ${reason}`,
];

const IDS = {
  taskId: "on",
  senderId: "from",
  authorId: "by",
  creatorId: "by",
  userId: "",
  assigneeId: "for",
  conversationId: "in",
  teamId: "team",
};

/** What an event says, in parts. `titleOf` gives the title of a thing that an earlier event told of, if one did. */
export function wordsOf(payload, titleOf) {
  const words = WORDS.map((word) => word(payload));
  return [payload.title === undefined && titleOf(payload.id), ...words].filter(Boolean);
}

/** Whom and what an event is about, in parts. */
export function aboutOf(payload, nameOf) {
  const fields = Object.keys(IDS).filter((field) => typeof payload[field] === "string");
  return fields.map((field) => `${IDS[field]} ${nameOf(payload[field])}`.trim());
}

/** The parts as one line in `place`. Each goes in its own direction: what somebody wrote turns nothing else round. */
export function showParts(place, parts) {
  const isolated = parts.map((textContent) => Object.assign(document.createElement("bdi"), { textContent }));
  place.replaceChildren(...isolated.flatMap((part) => [" · ", part]).slice(1));
}
