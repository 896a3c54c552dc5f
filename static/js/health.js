/** The page of health: whether the parts answer, whether each channel delivers, and for admins the alerts. */

import { Alerts } from "./alerts.js";
import { Refused } from "./api.js";
import { every } from "./every.js";
import { api, connect, user } from "./page.js";
import { cell, fill } from "./table.js";
import { clock, figure } from "./words.js";

const AGAIN_MS = 10_000;
const VERDICTS = {
  ok: "All parts answer.",
  degraded: "Something is amiss; what is sent still arrives.",
  draining: "This process is about to end; its clients go elsewhere.",
  down: "Something is down.",
};
const byId = (id) => document.getElementById(id);

const alerts = user.isAdmin ? new Alerts(api) : null;

async function check() {
  await Promise.all([checkParts(), checkChannels(), alerts?.load()]);
  byId("checked").textContent = `checked at ${clock(new Date())}`;
}

async function checkParts() {
  try {
    const { status, parts } = await answerOf("/health/ready");
    judge(status, VERDICTS[status]);
    show("parts", parts);
  } catch (error) {
    judge("down", `The server does not answer: ${error.message}`);
    show("parts", {});
  }
}

async function checkChannels() {
  try {
    show("channels", (await answerOf("/ws/health")).channels);
  } catch (error) {
    show("channels", {});
    byId("channels-note").textContent = `They can't be checked: ${error.message}`;
  }
}

/** What is down is answered with 503, and with the same body. */
async function answerOf(path) {
  try {
    return await api.get(path);
  } catch (error) {
    if (error instanceof Refused && error.status === 503 && error.answer?.status) return error.answer;
    throw error;
  }
}

/** Say it once: what is said anew is read out anew. */
function judge(state, text) {
  const verdict = byId("verdict");
  verdict.dataset.state = state;
  if (verdict.textContent !== text) verdict.textContent = text;
}

function show(id, parts) {
  byId(`${id}-note`).textContent = "";
  fill(
    byId(id),
    Object.entries(parts).map(([name, { status, latencyMs }]) => [
      cell(name, { head: true }),
      cell(status, { state: status }),
      cell(figure(latencyMs, "ms"), { number: true }),
    ]),
  );
}

async function checkNow() {
  byId("check").disabled = true;
  await check();
  byId("check").disabled = false;
  byId("check").focus();
}

byId("check").addEventListener("click", checkNow);
connect({
  onConnect: (recovered, connection) => alerts?.follow(connection),
  onEvent: (name) => name === "system-alert" && alerts?.load(),
});
every(AGAIN_MS, check);
