"""`Idempotency-Key`: sent again it creates nothing; with another body it is refused; and it is of one user and path."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.scenarios import World, ok
from tests.security.routes import routes
from tests.support.api import Api, Response
from tests.support.cluster import Cluster
from tests.support.crowd import at_once

Form = dict[str, Any]
Make = Callable[[World], tuple[Api, str, Form, Form]]
"""Who creates something where, with what, and with what else under the same key."""


def task(world: World) -> tuple[Api, str, Form, Form]:
    return world.alice, "/api/tasks", {"title": "One"}, {"title": "Another"}


def note(world: World) -> tuple[Api, str, Form, Form]:
    return world.alice, f"/api/tasks/{world.task()['id']}/notes", {"content": "One"}, {"content": "Another"}


def message(world: World) -> tuple[Api, str, Form, Form]:
    path = f"/api/chat/conversations/{world.conversation}/messages"
    return world.alice, path, {"content": "One"}, {"content": "Another"}


def conversation(world: World) -> tuple[Api, str, Form, Form]:
    form = {"participantIds": [world.bob.user["id"]], "title": "One"}
    return world.alice, "/api/chat/conversations", form, form | {"title": "Another"}


def notification(world: World) -> tuple[Api, str, Form, Form]:
    form = {"userId": world.alice.user["id"], "type": "note", "title": "One", "message": "-"}
    return world.alice, "/api/notifications", form, form | {"title": "Another"}


def team(world: World) -> tuple[Api, str, Form, Form]:
    return world.admin, "/api/teams", {"name": "One"}, {"name": "Another"}


def department(world: World) -> tuple[Api, str, Form, Form]:
    return world.admin, "/api/departments", {"name": "One"}, {"name": "Another"}


CREATE: list[Make] = [task, note, message, conversation, notification, team, department]
every_route = pytest.mark.parametrize("make", CREATE)


@pytest.fixture
def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


def assert_refused(answer: Response) -> None:
    assert (answer.status, answer.json["error"]["code"]) == (409, "conflict")


def test_every_route_that_honours_a_key_is_tried_here(world: World) -> None:
    documented = {route.path for route in routes(world.admin.url) if "Idempotency-Key" in route.headers}
    tried = {make(world)[1] for make in CREATE}
    known = {path.replace(id, "{id}") for path in tried for id in path.split("/")[-2:-1]} | tried
    assert documented - known == {"/api/push/subscriptions"}, "where an endpoint is renewed, whatever the key"


@every_route
def test_the_same_key_with_another_body_is_refused_and_creates_nothing(
    make: Make, world: World, key: dict[str, str]
) -> None:
    caller, path, form, other = make(world)
    first = caller.post(path, form, key)
    assert first.status == 201
    assert_refused(caller.post(path, other, key))
    again = caller.post(path, form, key)
    assert (again.status, again.json) == (201, first.json)


@pytest.mark.parametrize("body", [{}, {"title": "One", "priority": "high"}, {"title": "One "}], ids=repr)
def test_any_other_body_is_another_one(body: Form, world: World, key: dict[str, str]) -> None:
    ok(world.alice.post("/api/tasks", {"title": "One"}, key))
    assert world.alice.post("/api/tasks", body, key).status in (400, 409)
    tasks = ok(world.alice.get("/api/tasks?limit=1"))["items"]
    assert (tasks[0]["title"], tasks[0]["priority"]) == ("One", "medium")


def test_a_refusal_tells_nothing_of_the_first_answer(world: World, key: dict[str, str]) -> None:
    first = ok(world.alice.post("/api/tasks", {"title": "A secret title"}, key))
    refused = world.alice.post("/api/tasks", {"title": "Another"}, key)
    assert_refused(refused)
    assert first["id"].encode() not in refused.body
    assert b"secret" not in refused.body


def test_the_key_of_another_user_is_a_key_like_any_other(world: World, key: dict[str, str]) -> None:
    of_alice = ok(world.alice.post("/api/tasks", {"title": "One"}, key))
    of_bob = ok(world.bob.post("/api/tasks", {"title": "One"}, key))
    assert (of_bob["id"] == of_alice["id"], of_bob["creatorId"]) == (False, world.bob.user["id"])
    assert ok(world.bob.post("/api/tasks", {"title": "One"}, key))["id"] == of_bob["id"]


def test_a_key_is_good_for_its_own_path_alone(world: World, key: dict[str, str]) -> None:
    form = {"content": "One"}
    first, second = (f"/api/tasks/{world.task()['id']}/notes" for _ in range(2))
    notes = [ok(world.alice.post(path, form, key)) for path in (first, second)]
    assert notes[0]["id"] != notes[1]["id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "x" * 4000])
def test_a_key_that_is_none_or_too_long_is_refused(key: str, world: World) -> None:
    answer = world.alice.post("/api/tasks", {"title": "One"}, {"Idempotency-Key": key})
    assert (answer.status, answer.json["error"]["code"]) == (400, "validation_failed")
    assert list(answer.json["error"]["details"]) == ["Idempotency-Key"]


@pytest.mark.parametrize("key", ["' OR 1=1 --", "%", "*", "../../x", "\xff\xfe", "x" * 255])
def test_a_key_is_text_and_nothing_else(key: str, world: World) -> None:
    caller, path, form, other = task(world)
    header = {"Idempotency-Key": key}
    first = caller.post(path, form | {"title": uuid4().hex}, header)
    assert first.status == 201
    assert_refused(caller.post(path, other, header))


def test_a_refused_request_leaves_its_key_for_another_body(world: World, key: dict[str, str]) -> None:
    assert world.alice.post("/api/tasks", {"title": ""}, key).status == 400
    assert world.alice.post("/api/tasks", {"title": "One"}, key).status == 201


def test_at_the_same_time_in_two_processes_a_key_creates_one_of_two_bodies(cluster: Cluster) -> None:
    apis = [Api.as_demo_user(cluster.servers[0].url, "bob")]
    apis.append(apis[0].at(cluster.servers[1].url))
    for _ in range(5):
        name = uuid4().hex
        key = {"Idempotency-Key": name}
        forms = [{"title": f"{name} {number}"} for number in range(8)]
        answers = at_once(
            *(partial(apis[number % 2].post, "/api/tasks", form, key) for number, form in enumerate(forms))
        )
        assert sorted(answer.status for answer in answers) == [201] + [409] * 7
        titles = [one["title"] for one in ok(apis[0].get("/api/tasks?limit=20"))["items"]]
        assert len([title for title in titles if title.startswith(name)]) == 1
