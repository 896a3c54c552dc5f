"""Two processes are watched as one: alerts, the way of an event, and metrics of real clients."""

from typing import Any

import jsonschema
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.events.registry import EVENTS
from tests.e2e.conftest import Env
from tests.support.api import Api
from tests.support.brokers import wait_until
from tests.support.demo import GENEROUS, demo_user
from tests.support.js_client import JsPeer
from tests.support.server import Server

ALERT = "system-alert"

admin, alice = (demo_user(name, of="here", scope="module") for name in ("admin", "alice"))


@pytest.fixture(scope="module")
def settings() -> Env:
    return GENEROUS | {"SAMPLE_SECONDS": "0.2", "ALERT_AUTH_FAILURES_PER_SECOND": "1"}


def notify(maker: Api, listener: Api) -> None:
    form = {"userId": listener.user["id"], "type": "note", "title": "T", "message": "M"}
    assert maker.post("/api/notifications", form).status == 201


def monitored(admin: Api, path: str) -> Any:
    answer = admin.get(f"/api/monitoring/{path}")
    assert answer.status == 200, answer
    return answer.json


def metric(server: Server, name: str, **labels: str) -> float:
    text = Api(server.url).get("/metrics").body.decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def test_the_way_of_an_event_names_each_process_and_its_sockets(
    here: Server, there: Server, admin: Api, alice: Api, js: JsPeer
) -> None:
    clients = [
        js.connect(server.url, "/ws/notifications", auth={"token": alice.token}) for server in (here, there, there)
    ]
    notify(alice, alice)
    heard = [client.wait_for("new-notification") for client in clients]
    offset = heard[0][-1]
    way = monitored(admin, f"ways/{offset}")
    assert way["event"] == "new-notification"
    assert sorted(process["sockets"] for process in way["processes"]) == [1, 2]
    assert way["publishedAt"] <= way["numberedAt"] <= way["processes"][0]["writtenAt"]


@pytest.mark.usefixtures("there")
def test_both_processes_are_sampled(admin: Api) -> None:
    wait_until(lambda: len({sample["process"] for sample in monitored(admin, "samples")["items"]}) == 2)


def test_an_alert_is_heard_by_an_admin_at_another_process_and_is_over_when_it_is(
    here: Server, there: Server, admin: Api, js: JsPeer
) -> None:
    client = js.connect(there.url, auth={"token": admin.token})
    assert client.emit("join-user", admin.user["id"])["ok"]
    stranger = Api(here.url)

    def raised() -> bool:
        stranger.get("/api/tasks")
        return any(heard.args[0]["resolvedAt"] is None for heard in client.heard(ALERT))

    wait_until(raised, 20)
    payload, offset = client.wait_for(ALERT)
    jsonschema.validate(payload, EVENTS[ALERT].model_json_schema(mode="serialization"))
    assert payload["code"] == "auth_failure_rate"
    assert offset.isdigit()
    client.wait_for(ALERT, where=lambda alert: alert["resolvedAt"] is not None, timeout=20)
    assert [alert["id"] for alert in monitored(admin, "alerts")["items"]] == [payload["id"]]


def test_a_client_that_recovers_is_counted(there: Server, alice: Api, js: JsPeer) -> None:
    client = js.connect(there.url, "/ws/notifications", auth={"token": alice.token})
    before = metric(there, "realtime_recoveries_total", outcome="recovered")
    client.drop()
    assert client.wait_connected(2).recovered
    assert metric(there, "realtime_recoveries_total", outcome="recovered") == before + 1
    assert metric(there, "realtime_disconnects_total", reason="transport close") >= 1
    assert metric(there, "realtime_connections", transport="websocket") >= 1
