"""What members and managers may not do, and what nobody may say about themselves in a body."""

import re
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.scenarios import ok
from tests.security.aviary import Aviary, person
from tests.security.routes import routes
from tests.support.api import Api
from tests.support.demo import demo_user

MISSING = "0199aaaa-0000-7000-8000-000000000000"
NOT_TO_BE_SAID = (
    "active", "admin", "authorId", "createdAt", "creatorId", "email", "id", "isAdmin", "owner", "ownerId", "password",
    "passwordHash", "role", "senderId", "teams", "userId",
)  # fmt: skip

admin = demo_user("admin", of="aviary", scope="module")


@dataclass(frozen=True)
class Office:
    """A manager and two members who share all there is: the path of each thing, and its people."""

    boss: Api
    member: Api
    mate: Api
    ids: dict[str, str]


@pytest.fixture(scope="module")
def office(aviary: Aviary, admin: Api) -> Office:
    boss, member, mate = (person(aviary.url) for _ in range(3))
    ok(admin.patch(f"/api/users/{boss.user['id']}", {"role": "manager"}))
    ids = {"mate": mate.user["id"], "member": member.user["id"]}
    for kind in ("team", "department"):
        ids[kind] = ok(admin.post(f"/api/{kind}s", {"name": "Office"}))["id"]
        for someone in (boss, member, mate):
            ok(admin.put(f"/api/{kind}s/{ids[kind]}/members/{someone.user['id']}"))
    task = {"title": "Mate's", "teamId": ids["team"], "assigneeId": mate.user["id"]}
    ids["task"] = ok(boss.post("/api/tasks", task))["id"]
    people = [member.user["id"], mate.user["id"]]
    ids["chat"] = ok(boss.post("/api/chat/conversations", {"title": "Office", "participantIds": people}))["id"]
    ids["message"] = ok(mate.post(f"/api/chat/conversations/{ids['chat']}/messages", {"content": "mine"}))["id"]
    return Office(boss, member, mate, ids)


def test_every_route_of_admins_is_forbidden_to_all_others(aviary: Aviary, office: Office) -> None:
    theirs = [route for route in routes(aviary.url) if "Takes the role admin." in route.about]
    assert len(theirs) >= 9
    for route in theirs:
        for who in (office.member, office.boss):
            answer = who.request(route.method, route.filled(MISSING))
            assert (answer.status, answer.json["error"]["code"]) == (403, "forbidden"), str(route)


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        ("PUT /api/teams/{team}/members/{member}", None),
        ("DELETE /api/teams/{team}/members/{mate}", None),
        ("PUT /api/departments/{department}/members/{member}", None),
        ("DELETE /api/departments/{department}/members/{mate}", None),
        ("POST /api/notifications", {"userId": "{mate}", "type": "t", "title": "T", "message": "M"}),
        ("GET /api/analytics/quality?teamId={team}", None),
        ("GET /api/analytics/quality/history?teamId={team}", None),
        ("PATCH /api/tasks/{task}", {"title": "changed"}),
        ("DELETE /api/tasks/{task}", None),
        ("PUT /api/tasks/{task}/assignee", {"userId": "{member}"}),
        ("PATCH /api/tasks/{task}/status", {"status": "done"}),
        ("PATCH /api/tasks/{task}/progress", {"progress": 99}),
        ("POST /api/tasks/{task}/complete", {}),
        ("PUT /api/tasks/{task}/rating", {"rating": 1}),
        ("PUT /api/tasks/{task}/watchers/{mate}", None),
        ("DELETE /api/tasks/{task}/watchers/{mate}", None),
        ("DELETE /api/chat/conversations/{chat}/participants/{mate}", None),
        ("PATCH /api/chat/messages/{message}", {"content": "changed"}),
        ("DELETE /api/chat/messages/{message}", None),
    ],
)
def test_what_a_member_sees_and_may_not_change_is_forbidden(request_: str, body: Any, office: Office) -> None:
    method, _, path = request_.format(**office.ids).partition(" ")
    filled = {name: office.ids.get(str(value).strip("{}"), value) for name, value in (body or {}).items()}
    answer = office.member.request(method, path, filled if body is not None else None)
    assert (answer.status, answer.json["error"]["code"]) == (403, "forbidden")
    assert ok(office.mate.get(f"/api/tasks/{office.ids['task']}"))["title"] == "Mate's"


def test_an_assignee_can_not_rate_their_own_work(office: Office) -> None:
    assert office.mate.put(f"/api/tasks/{office.ids['task']}/rating", {"rating": 5}).status == 403


def test_a_member_knows_nothing_of_the_metrics_of_a_mate(office: Office) -> None:
    answers = [office.member.get(f"/api/analytics/quality?userId={id}") for id in (office.ids["mate"], MISSING)]
    assert [answer.status for answer in answers] == [404, 404]
    assert answers[0].body == answers[1].body


def test_no_route_takes_a_field_that_says_whose_something_is_or_what_somebody_may(aviary: Aviary, admin: Api) -> None:
    """As an admin: so that it is the field that is refused, and not who calls."""
    taking = [route for route in routes(aviary.url) if route.body is not None]
    assert len(taking) > 20
    for route in taking:
        said = {name: "x" for name in NOT_TO_BE_SAID if name not in route.fields}
        answer = admin.request(route.method, metric(route.filled(MISSING)), said)
        assert (answer.status, answer.json["error"]["code"]) == (400, "validation_failed"), str(route)
        assert set(said) <= set(answer.json["error"]["details"]), str(route)


def metric(path: str) -> str:
    return re.sub("(?<=/analytics/)[^/]+", "quality", path)


def test_who_registers_is_a_member_whatever_they_say(aviary: Aviary) -> None:
    form = {"email": "root@example.com", "password": "a long password", "name": "Root"}
    for said in ({"role": "admin"}, {"active": True}, {"id": MISSING}, {"teams": ["x"]}):
        assert Api(aviary.url).post("/api/auth/register", form | said).status == 400
    registered = ok(Api(aviary.url).post("/api/auth/register", form))["user"]
    assert (registered["role"], registered["teams"], registered["department"]) == ("member", [], None)
