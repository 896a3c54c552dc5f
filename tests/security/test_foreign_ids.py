"""Every REST route that takes an id, called with one of another's things: as if there were no such thing."""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from tests.e2e.scenarios import ok
from tests.security.aviary import Aviary, person
from tests.security.routes import Route, routes
from tests.support.api import Api, Response
from tests.support.demo import demo_user
from tests.support.push_service import Browser

Ids = dict[str, str]
MISSING = "0199aaaa-0000-7000-8000-000000000000"
THUMB = quote("👍")
AN_ID = re.compile(r"id|ids|\w+Ids?|room|endpoint|offset")

# {things} are the victim's, {me} is who asks, {mine} a conversation of theirs.
HIDDEN: list[tuple[str, Any]] = [
    ("GET /api/analytics/quality?userId={user}", None),
    ("GET /api/analytics/quality?teamId={team}", None),
    ("GET /api/analytics/quality/history?userId={user}", None),
    ("GET /api/analytics/quality/history?teamId={team}", None),
    ("POST /api/analytics/quality/recalculate", {"userId": "{user}"}),
    ("GET /api/audit?actorId={user}", None),
    ("GET /api/audit?targetId={user}", None),
    ("DELETE /api/auth/logins/{login}", None),
    ("GET /api/chat/conversations/{conversation}", None),
    ("GET /api/chat/conversations/{conversation}/messages", None),
    ("POST /api/chat/conversations/{conversation}/messages", {"content": "in"}),
    ("POST /api/chat/conversations/{mine}/messages", {"content": "in", "replyToId": "{message}"}),
    ("PUT /api/chat/conversations/{conversation}/participants/{me}", None),
    ("DELETE /api/chat/conversations/{conversation}/participants/{user}", None),
    ("POST /api/chat/conversations/{conversation}/read", {"messageId": "{message}"}),
    ("POST /api/chat/conversations/{mine}/read", {"messageId": "{message}"}),
    ("PATCH /api/chat/messages/{message}", {"content": "changed"}),
    ("DELETE /api/chat/messages/{message}", None),
    (f"PUT /api/chat/messages/{{message}}/reactions/{THUMB}", None),
    (f"DELETE /api/chat/messages/{{message}}/reactions/{THUMB}", None),
    ("PUT /api/departments/{department}/members/{me}", None),
    ("DELETE /api/departments/{department}/members/{user}", None),
    ("GET /api/events?room=user-{user}", None),
    ("GET /api/events?room=notifications-{user}", None),
    ("GET /api/events?room=tasks-{user}", None),
    ("GET /api/events?room=analytics-{user}", None),
    ("GET /api/events?room=team-{team}", None),
    ("GET /api/events?room=department-{department}", None),
    ("GET /api/events?room=chat-{conversation}", None),
    ("GET /api/monitoring/ways/{offset}", None),
    ("PATCH /api/notifications/read", {"ids": ["{notification}"]}),
    ("PATCH /api/notifications/{notification}/read", None),
    ("DELETE /api/notifications/{notification}", None),
    ("DELETE /api/push/subscriptions", {"endpoint": "{endpoint}"}),
    ("POST /api/tasks", {"title": "in", "teamId": "{team}"}),
    ("GET /api/tasks/{task}", None),
    ("PATCH /api/tasks/{task}", {"title": "changed"}),
    ("DELETE /api/tasks/{task}", None),
    ("PUT /api/tasks/{task}/assignee", {"userId": "{me}"}),
    ("PATCH /api/tasks/{task}/status", {"status": "done"}),
    ("PATCH /api/tasks/{task}/progress", {"progress": 1}),
    ("POST /api/tasks/{task}/complete", {}),
    ("PUT /api/tasks/{task}/rating", {"rating": 1}),
    ("GET /api/tasks/{task}/watchers", None),
    ("PUT /api/tasks/{task}/watchers/{me}", None),
    ("DELETE /api/tasks/{task}/watchers/{user}", None),
    ("GET /api/tasks/{task}/notes", None),
    ("POST /api/tasks/{task}/notes", {"content": "in"}),
    ("PUT /api/teams/{team}/members/{me}", None),
    ("DELETE /api/teams/{team}/members/{user}", None),
    ("PATCH /api/users/{user}", {"role": "admin"}),
]
EMPTY: list[tuple[str, Any]] = [
    ("GET /api/presence?userIds={user}", None),
    ("GET /api/tasks?assigneeId={user}", None),
    ("GET /api/tasks?creatorId={user}", None),
    ("GET /api/tasks?teamId={team}", None),
]
# Who there is, everybody may know: names and ids of users are in GET /api/users.
INVOLVING: list[tuple[str, Any]] = [
    ("POST /api/notifications", {"userId": "{user}", "type": "t", "title": "T", "message": "M"}),
    ("POST /api/tasks", {"title": "in", "assigneeId": "{user}"}),
]
OPEN: list[tuple[str, Any]] = [
    ("GET /api/users/{user}", None),
    ("POST /api/chat/conversations", {"participantIds": ["{user}"]}),
    ("POST /api/push/subscriptions", {"endpoint": "{endpoint}"}),
]

admin = demo_user("admin", of="aviary", scope="module")


@pytest.fixture(scope="module")
def victim(aviary: Aviary) -> Api:
    return person(aviary.url)


@dataclass(frozen=True)
class Intruder:
    """Who shares nothing with the victim, and what they have themselves."""

    api: Api
    ids: Ids


@pytest.fixture(scope="module", params=["a stranger", "a manager of others"])
def intruder(request: pytest.FixtureRequest, aviary: Aviary, admin: Api) -> Intruder:
    api = person(aviary.url)
    me = api.user["id"]
    if request.param == "a manager of others":
        ok(admin.patch(f"/api/users/{me}", {"role": "manager"}))
        team = ok(admin.post("/api/teams", {"name": "Others"}))["id"]
        ok(admin.put(f"/api/teams/{team}/members/{me}"))
    form = {"title": "Mine", "participantIds": [admin.user["id"]]}
    return Intruder(api, {"me": me, "mine": ok(api.post("/api/chat/conversations", form))["id"]})


@pytest.fixture(scope="module")
def ids(victim: Api, admin: Api) -> Ids:
    """What the victim has, one of each kind."""
    me = victim.user["id"]
    found = {"user": me, "login": ok(victim.get("/api/auth/logins"))["items"][0]["id"], "offset": "1"}
    for kind in ("team", "department"):
        found[kind] = ok(admin.post(f"/api/{kind}s", {"name": "Theirs"}))["id"]
        ok(admin.put(f"/api/{kind}s/{found[kind]}/members/{me}"))
    form = {"title": "Ours", "participantIds": [admin.user["id"]]}
    found["conversation"] = ok(victim.post("/api/chat/conversations", form))["id"]
    path = f"/api/chat/conversations/{found['conversation']}/messages"
    found["message"] = ok(victim.post(path, {"content": "between us"}))["id"]
    found["task"] = ok(victim.post("/api/tasks", {"title": "Mine", "teamId": found["team"], "assigneeId": me}))["id"]
    ok(victim.post(f"/api/tasks/{found['task']}/notes", {"content": "a note"}))
    note = {"userId": me, "type": "t", "title": "T", "message": "M"}
    found["notification"] = ok(victim.post("/api/notifications", note))["id"]
    found["endpoint"] = "https://push.example.com/victim"
    ok(victim.post("/api/push/subscriptions", Browser(found["endpoint"]).subscription))
    return found


def call(who: Intruder, request: str, body: Any, ids: Ids) -> Response:
    """Have somebody make a request, with the ids in it."""
    text = json.dumps([request, body])
    for name, id in (ids | who.ids).items():
        text = text.replace(f"{{{name}}}", id)
    request, body = json.loads(text)
    method, _, path = request.partition(" ")
    return who.api.request(method, path, body)


def test_every_route_that_takes_an_id_is_called_below(aviary: Aviary) -> None:
    called = [request.partition("?")[0] for request, _ in (*HIDDEN, *EMPTY, *INVOLVING, *OPEN)]
    taking = [route for route in routes(aviary.url) if takes_an_id(route)]
    assert len(taking) > 40
    assert [str(route) for route in taking if not any(map(pattern(route).fullmatch, called))] == []


def takes_an_id(route: Route) -> bool:
    return any(AN_ID.fullmatch(name) for name in (*route.places, *route.queries, *route.fields))


def pattern(route: Route) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(str(route))))


@pytest.mark.parametrize(("request_", "body"), HIDDEN)
def test_a_thing_of_another_is_answered_as_one_that_does_not_exist(
    request_: str, body: Any, intruder: Intruder, ids: Ids
) -> None:
    theirs = call(intruder, request_, body, ids)
    nobodys = call(intruder, request_, body, dict.fromkeys(ids, MISSING))
    assert theirs.status in (403, 404) or (theirs.status == 400 and "replyToId" in theirs.json["error"]["details"])
    assert (theirs.status, theirs.body) == (nobodys.status, nobodys.body)


@pytest.mark.parametrize(("request_", "body"), EMPTY)
def test_a_list_of_what_another_has_is_as_empty_as_that_of_nobody(
    request_: str, body: Any, intruder: Intruder, ids: Ids
) -> None:
    theirs = call(intruder, request_, body, ids)
    nobodys = call(intruder, request_, body, dict.fromkeys(ids, MISSING))
    assert (theirs.status, theirs.json["items"]) == (200, [])
    assert theirs.body == nobodys.body


def test_of_another_user_everybody_sees_the_name_alone(intruder: Intruder, victim: Api) -> None:
    seen = ok(intruder.api.get(f"/api/users/{victim.user['id']}"))
    assert seen == {"id": victim.user["id"], "name": victim.user["name"]}
    users = ok(intruder.api.get("/api/users?limit=100"))["items"]
    assert {tuple(user) for user in users if user["id"] != intruder.api.user["id"]} == {("id", "name")}


def test_another_user_can_not_be_given_a_task_or_a_notification(intruder: Intruder, ids: Ids) -> None:
    assert [call(intruder, request_, body, ids).status for request_, body in INVOLVING] == [403, 403]


def test_no_call_of_an_intruder_changes_anything(intruder: Intruder, ids: Ids, victim: Api) -> None:
    before = what_there_is(victim, ids)
    for request_, body in (*HIDDEN, *INVOLVING):
        call(intruder, request_, body, ids)
    assert what_there_is(victim, ids) == before


def what_there_is(victim: Api, ids: Ids) -> list[Any]:
    """All that the victim has, as they see it."""
    paths = [
        "/api/auth/me",
        "/api/auth/logins",
        "/api/teams",
        "/api/departments",
        "/api/notifications",
        "/api/tasks",
        f"/api/tasks/{ids['task']}",
        f"/api/tasks/{ids['task']}/notes",
        f"/api/tasks/{ids['task']}/watchers",
        f"/api/chat/conversations/{ids['conversation']}",
        f"/api/chat/conversations/{ids['conversation']}/messages",
    ]
    return [ok(victim.get(path)) for path in paths]
