"""Clients that were away for too long, or whose right ended meanwhile: each is told, and hears what it may, once."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.e2e.scenarios import World, ok
from tests.faults.audience import Audience
from tests.faults.audit import audit
from tests.faults.burst import Burst
from tests.faults.conftest import LIMITS, Report
from tests.support.api import Api
from tests.support.js_client import JsClient, JsPeer
from tests.support.server import Server

AWAY = 2000  # milliseconds
RETURN = {"reconnectionDelay": AWAY, "reconnectionDelayMax": AWAY, "randomizationFactor": 0}


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[World]:
    """On a server with the usual window."""
    with Server(tmp_path, LIMITS) as server:
        yield World.at(server.url)


def test_who_was_away_for_longer_than_the_window_is_told_and_catches_up_with_since(
    tmp_path: Path, js: JsPeer, report: Report
) -> None:
    with Server(tmp_path, LIMITS | {"RECOVERY_SECONDS": "0.5"}) as server:
        alice = Api.as_demo_user(server.url, "alice")
        audience = Audience(js, [server], alice, 4, **RETURN)
        with Burst([alice], 20) as burst:
            burst.wait_until_made(5)
            audience.wait_until_heard(1)
            audience.cut(4)
        audience.wait_until_back()
        assert audience.recovered == 0
        for client in audience.clients:
            newest = client.heard("new-notification")[-1].args[-1]
            ack = client.emit("join-notifications", alice.user["id"], {"since": newest})
            assert (ack["ok"], "gap" in ack) == (True, False)
        audience.wait_until_heard(burst.total)
        found = audience.audit(burst.total)
    report(
        "offline for longer than the window",
        found,
        f"{audience.reconnects} told (`recovered` is false); joining with `since` brought the rest",
    )
    assert found.clean


def test_who_was_removed_from_a_team_while_away_hears_no_more_of_it(patient: World, js: JsPeer, report: Report) -> None:
    alice, team = patient.alice.user["id"], patient.team
    client = js.connect(patient.alice.url, "/", auth={"token": patient.alice.token}, **RETURN)
    assert client.emit("join-team", team)["ok"]
    _make_tasks(patient.bob, team, range(5))
    client.wait_for("task-updated", where=lambda task: task["title"] == "4")
    client.drop()
    ok(patient.admin.delete(f"/api/teams/{team}/members/{alice}"))
    _make_tasks(patient.bob, team, range(5, 10))
    assert client.wait_connected(2).recovered
    _make_tasks(patient.bob, team, range(10, 15))
    assert client.emit("join-notifications", alice)["ok"]
    patient.notification()
    client.wait_for("new-notification")
    found = audit([_tasks(client)], range(5))
    report("removed from a team while away", found, "recovered, without that room; 10 later events of it not heard")
    assert found.clean


def test_who_was_deactivated_while_away_is_refused_and_hears_nothing(
    patient: World, js: JsPeer, report: Report
) -> None:
    alice, team = patient.alice.user["id"], patient.team
    client = js.connect(patient.alice.url, "/", auth={"token": patient.alice.token}, **RETURN)
    assert client.emit("join-team", team)["ok"]
    _make_tasks(patient.bob, team, range(5))
    client.wait_for("task-updated", where=lambda task: task["title"] == "4")
    client.drop()
    ok(patient.admin.patch(f"/api/users/{alice}", {"active": False}))
    _make_tasks(patient.bob, team, range(5, 10))
    refusal = client.wait_refused()["data"]["code"]
    _make_tasks(patient.bob, team, range(10, 15))
    found = audit([_tasks(client)], range(5))
    report("deactivated while away", found, f"refused with {refusal}; 10 later events not heard")
    assert found.clean
    assert refusal == "token_revoked"


def _make_tasks(maker: Api, team: str, numbers: Iterable[int]) -> None:
    for number in numbers:
        ok(maker.post("/api/tasks", {"title": str(number), "teamId": team}))


def _tasks(client: JsClient) -> list[int]:
    """The numbers in the titles of the tasks that a client heard of; one that it may not know of fails the audit."""
    return [int(heard.args[0]["title"]) for heard in client.heard("task-updated")]
