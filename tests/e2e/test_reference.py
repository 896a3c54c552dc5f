"""The documents as people use them: the compiler reads the types, a browser shows the pages."""

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import Api
from tests.support.js_client import node
from tests.support.server import ROOT, Server

IMPORTS = """\
import { io, type Socket } from "socket.io-client";
import type { ClientToServerEvents, Failure, Joined, NewNotification, ServerToClientEvents } from "./realtime.js";

const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io("/", { auth: { token: "t" } });
"""

USE = """\
socket.on("new-notification", (notification, offset) => {
  const whole: NewNotification = notification;
  const stands: string | undefined = offset;
  console.log(whole.title.toUpperCase(), stands);
});
socket.on("message-reaction", ({ reactions }) => Object.values(reactions).map((users) => users.join()));
socket.on("room-left", ({ reason }) => reason === "role_changed");
socket.on("error", (error) => error.code === "rate_limited");
socket.emit("typing-start", { conversationId: "c" });
socket.emit("join-tasks", "u");
socket.emit("join-tasks", "u", (answer) => (answer.ok ? answer.offset : answer.error.code));
socket.emit("join-tasks", "u", { since: "7" }, (answer) => answer.ok && answer.gap);
socket.emit("refresh-auth", { token: "t" }, (answer) => answer.ok && Date.parse(answer.expiresAt));
socket.timeout(1000).emit("join-chat", "c", (error, answer) => error ?? answer.ok);
const answer: Joined | Failure = await socket.emitWithAck("join-user", "u");
console.log(answer.ok ? answer.room : answer.error.message);
"""

MISTAKES = {
    "an unknown event": 'socket.on("new-notifications", () => {});',
    "an unknown field": 'socket.on("new-notification", (notification) => notification.text);',
    "a value of another type": 'socket.on("task-progress-updated", ({ progress }) => progress.trim());',
    "null forgotten": 'socket.on("task-updated", (task) => task.assigneeId.length);',
    "an offset where there is none": 'socket.on("room-left", (left, offset: string) => offset);',
    "an unknown command": 'socket.emit("join-everything", "u");',
    "an argument missing": 'socket.emit("join-tasks");',
    "an argument of another type": 'socket.emit("join-tasks", 7);',
    "an unknown option": 'socket.emit("join-tasks", "u", { until: "7" });',
    "options where none are taken": 'socket.emit("leave-tasks", "u", { since: "7" });',
    "failure forgotten": 'socket.emit("join-tasks", "u", (answer) => answer.room);',
}


@pytest.fixture
def project(server: Server, tmp_path: Path) -> Path:
    """A folder with the types as they were downloaded, and socket.io-client."""
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    (tmp_path / "realtime.d.ts").write_bytes(Api(server.url).get("/realtime.d.ts").body)
    return tmp_path


def compile_strictly(project: Path, **sources: str) -> list[str]:
    """Compile modules with the real compiler; the files that have errors."""
    names = [f"{name}.mts" for name in sources]
    for name, text in zip(names, sources.values(), strict=True):
        (project / name).write_text(IMPORTS + text)
    options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--pretty", "false"]
    compiler = ROOT / "node_modules" / "typescript" / "bin" / "tsc"
    command = [node(), str(compiler), *options, *names]
    output = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60, check=False).stdout
    return sorted({line.partition("(")[0] for line in output.splitlines() if "error TS" in line})


def test_the_types_allow_what_the_server_understands(project: Path) -> None:
    assert compile_strictly(project, use=USE) == []


def test_the_types_refuse_every_mistake(project: Path) -> None:
    sources = {f"mistake{number}": text for number, text in enumerate(MISTAKES.values())}
    wrong = compile_strictly(project, **sources)
    assert wrong == sorted(f"{name}.mts" for name in sources)


def test_the_page_of_the_routes_shows_and_tries_them(server: Server, browser_page: Page) -> None:
    loaded = _watch(browser_page)
    browser_page.goto(f"{server.url}/api-docs")
    browser_page.get_by_text("The process answers.").first.click()
    browser_page.get_by_role("button", name="Try it out").click()
    browser_page.get_by_role("button", name="Execute").click()
    expect(browser_page.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    assert [url for url in loaded if not url.startswith((server.url, "data:"))] == []


def test_the_page_of_the_events_shows_them(server: Server, browser_page: Page) -> None:
    loaded = _watch(browser_page)
    browser_page.goto(f"{server.url}/api-docs/events")
    expect(browser_page.get_by_text("notifications-bulk-read").first).to_be_attached()
    assert [url for url in loaded if not url.startswith((server.url, "data:"))] == []


def _watch(page: Page) -> list[str]:
    """The addresses that a page loads, and what it complains about, as they come."""
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("console", lambda message: seen.append(message.text) if message.type == "error" else None)
    return seen
