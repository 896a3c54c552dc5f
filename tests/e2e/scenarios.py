"""For each event of the catalogue: who listens where, and what the server is asked to do so that it must be heard."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any, Self

from tests.support.api import Api, Response
from tests.support.demo import DEMO_USERS
from tests.support.js_client import JsClient

JsonObject = dict[str, Any]
HOURS = count(1)  # another one for each task, so that the accuracy of estimates changes each time


@dataclass(frozen=True)
class World:
    """The demo users, each logged in."""

    admin: Api
    manager: Api
    alice: Api
    bob: Api

    @classmethod
    def at(cls, url: str) -> Self:
        """Log all of them in at a server."""
        return cls(*(Api.as_demo_user(url, name) for name in DEMO_USERS))

    @property
    def team(self) -> str:
        """The team of manager, alice and bob."""
        id: str = ok(self.alice.get("/api/teams"))["items"][0]["id"]
        return id

    @property
    def conversation(self) -> str:
        """A conversation of alice and bob."""
        id: str = ok(self.alice.get("/api/chat/conversations"))["items"][-1]["id"]
        return id

    def notification(self) -> str:
        """A new notification of alice."""
        form = {"userId": self.alice.user["id"], "type": "note", "title": "Hello", "message": "There"}
        id: str = ok(self.alice.post("/api/notifications", form))["id"]
        return id

    def message(self, content: str = "hello") -> str:
        """A new message of bob in the conversation."""
        id: str = ok(self.bob.post(f"/api/chat/conversations/{self.conversation}/messages", {"content": content}))["id"]
        return id

    def task(self, **fields: Any) -> Any:
        """A new task of the manager for alice."""
        form = {"title": "Write it", "assigneeId": self.alice.user["id"], "teamId": self.team} | fields
        return ok(self.manager.post("/api/tasks", form))


def ok(response: Response) -> Any:
    """The body of a response that must be a good one."""
    assert response.status in (200, 201, 204), f"{response.status} {response.body!r}"
    return response.json


Cause = Callable[[World], JsonObject]


@dataclass(frozen=True)
class Scenario:
    """``join`` is what alice emits first; ``cause`` makes the event happen and returns what its payload must hold."""

    join: Callable[[World], tuple[str, str]]
    cause: Cause


def own(kind: str) -> Callable[[World], tuple[str, str]]:
    return lambda world: (f"join-{kind}", world.alice.user["id"])


def in_chat(world: World) -> tuple[str, str]:
    return "join-chat", world.conversation


# --- notifications


def new_notification(world: World) -> JsonObject:
    form = {"userId": world.alice.user["id"], "type": "note", "title": "T", "message": "M", "data": {"a": [1]}}
    return form | {"id": ok(world.manager.post("/api/notifications", form))["id"], "read": False}


def notification_read(world: World) -> JsonObject:
    id = world.notification()
    ok(world.alice.patch(f"/api/notifications/{id}/read"))
    return {"id": id}


def notification_deleted(world: World) -> JsonObject:
    id = world.notification()
    ok(world.alice.delete(f"/api/notifications/{id}"))
    return {"id": id}


def notifications_bulk_read(world: World) -> JsonObject:
    ids = [world.notification(), world.notification()]
    ok(world.alice.patch("/api/notifications/read", {"ids": ids}))
    return {"ids": ids}


# --- chat


def new_message(world: World) -> JsonObject:
    id = world.message("<b>hi</b> 👋")
    return {"id": id, "content": "<b>hi</b> 👋", "senderId": world.bob.user["id"], "replyToId": None}


def message_updated(world: World) -> JsonObject:
    id = world.message()
    ok(world.bob.patch(f"/api/chat/messages/{id}", {"content": "better"}))
    return {"id": id, "content": "better", "conversationId": world.conversation}


def message_deleted(world: World) -> JsonObject:
    id = world.message()
    ok(world.bob.delete(f"/api/chat/messages/{id}"))
    return {"id": id, "conversationId": world.conversation}


def message_reaction(world: World) -> JsonObject:
    id = world.message()
    ok(world.bob.put(f"/api/chat/messages/{id}/reactions/%F0%9F%91%8D"))
    return {"messageId": id, "reactions": {"👍": [world.bob.user["id"]]}}


def message_read(world: World) -> JsonObject:
    id = world.message()
    ok(world.alice.post(f"/api/chat/conversations/{world.conversation}/read", {"messageId": id}))
    return {"messageId": id, "userId": world.alice.user["id"]}


# --- tasks


def task_assigned(world: World) -> Any:
    return world.task(priority="high", estimateHours=2.5)


def task_updated(world: World) -> Any:
    id = world.task()["id"]
    return ok(world.manager.patch(f"/api/tasks/{id}", {"title": "Write it well"}))


def task_status_updated(world: World) -> JsonObject:
    id = world.task()["id"]
    ok(world.alice.patch(f"/api/tasks/{id}/status", {"status": "in_progress"}))
    return {"id": id, "status": "in_progress", "previousStatus": "todo"}


def task_progress_updated(world: World) -> JsonObject:
    id = world.task()["id"]
    ok(world.alice.patch(f"/api/tasks/{id}/progress", {"progress": 40}))
    return {"id": id, "progress": 40}


def task_completed(world: World) -> Any:
    id = world.task()["id"]
    return ok(world.alice.post(f"/api/tasks/{id}/complete", {"actualHours": 1.5}))


def task_note_added(world: World) -> Any:
    id = world.task()["id"]
    return ok(world.manager.post(f"/api/tasks/{id}/notes", {"content": "Looks good"}))


def task_deleted(world: World) -> JsonObject:
    id = world.task()["id"]
    ok(world.manager.delete(f"/api/tasks/{id}"))
    return {"id": id}


# --- analytics


def metric_changed(world: World) -> JsonObject:
    """A task that is completed, took another time than estimated, and is rated changes each metric."""
    id = world.task(estimateHours=100)["id"]
    ok(world.alice.post(f"/api/tasks/{id}/complete", {"actualHours": next(HOURS)}))
    ok(world.manager.put(f"/api/tasks/{id}/rating", {"rating": 5}))
    return {"userId": world.alice.user["id"]}


# --- the connection


def room_left(world: World) -> JsonObject:
    path = f"/api/teams/{world.team}/members/{world.alice.user['id']}"
    room = f"team-{world.team}"
    ok(world.admin.delete(path))
    ok(world.admin.put(path))
    return {"room": room, "reason": "removed"}


SCENARIOS = {
    "new-notification": Scenario(own("notifications"), new_notification),
    "notification-read": Scenario(own("notifications"), notification_read),
    "notification-deleted": Scenario(own("notifications"), notification_deleted),
    "notifications-bulk-read": Scenario(own("notifications"), notifications_bulk_read),
    "new-message": Scenario(in_chat, new_message),
    "message-updated": Scenario(in_chat, message_updated),
    "message-deleted": Scenario(in_chat, message_deleted),
    "message-reaction": Scenario(in_chat, message_reaction),
    "message-read": Scenario(in_chat, message_read),
    "task-assigned": Scenario(own("tasks"), task_assigned),
    "task-updated": Scenario(own("tasks"), task_updated),
    "task-status-updated": Scenario(own("tasks"), task_status_updated),
    "task-progress-updated": Scenario(own("tasks"), task_progress_updated),
    "task-completed": Scenario(own("tasks"), task_completed),
    "task-note-added": Scenario(own("tasks"), task_note_added),
    "task-deleted": Scenario(own("tasks"), task_deleted),
    "productivity-updated": Scenario(own("analytics"), metric_changed),
    "efficiency-updated": Scenario(own("analytics"), metric_changed),
    "quality-updated": Scenario(own("analytics"), metric_changed),
    "room-left": Scenario(lambda world: ("join-team", world.team), room_left),
}

# Heard by cause of something else than a request: tests/e2e/test_commands.py, test_presence.py, test_monitoring.py
BY_COMMAND = {"user-typing", "presence-changed", "error", "system-alert"}


def listen(socket: JsClient, scenario: Scenario, world: World) -> None:
    """Enter the room of the scenario."""
    ack = socket.emit(*scenario.join(world))
    assert ack["ok"], ack
