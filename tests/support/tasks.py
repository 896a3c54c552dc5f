"""Tasks for tests, made through the API, and what is published about them."""

from collections.abc import Callable
from typing import Any, Protocol

from flask import Flask
from werkzeug.test import TestResponse

from tests.support.outbox import Published, listen

PATH = "/api/tasks"


class Poster(Protocol):
    """Who sends requests."""

    def post(self, path: str, json: Any = None) -> TestResponse: ...


def new_task(creator: Poster, **fields: Any) -> dict[str, Any]:
    """A task as the server answers its making."""
    answer = creator.post(PATH, {"title": "Write the report"} | fields)
    assert answer.status_code == 201, answer.get_json()
    task: dict[str, Any] = answer.get_json()
    return task


def path_of(task: dict[str, Any], *rest: str) -> str:
    """The path of a task, or of something beneath it."""
    return "/".join((PATH, task["id"], *rest))


def ok(answer: TestResponse) -> dict[str, Any]:
    """The body of an answer, which has to be 200."""
    assert answer.status_code == 200, answer.get_json()
    body: dict[str, Any] = answer.get_json()
    return body


def listen_to_tasks(app: Flask) -> Callable[[], Published]:
    """As :func:`~tests.support.outbox.listen`, for the events of tasks alone."""
    everything = listen(app)
    return lambda: [event for event in everything() if event[0].startswith("task-")]
