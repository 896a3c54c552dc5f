"""The rules of Prometheus and the panels of Grafana ask for what a scrape has: each metric, label and value.

Of PromQL no more is understood than these files use: names, matchers in braces, and labels behind ``by``.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
import yaml
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from app.config import ROOT, Settings
from app.extensions import socketio
from tests.integration.conftest import Person

RULES: list[dict[str, Any]] = yaml.safe_load((ROOT / "deploy/prometheus/rules.yaml").read_text())["groups"][0]["rules"]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/realtime.json").read_text())
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
OPERATIONS = (ROOT / "docs/operations.md").read_text()

NAME = re.compile(r"\b((?:realtime|process)_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
BY = re.compile(r"\bby \(([^)]*)\)")
OF_PROMETHEUS = {"instance", "job"}

EXPRESSIONS = {
    **{rule["alert"]: rule["expr"] for rule in RULES},
    **{
        f"{panel['title']} {target['refId']}": target["expr"] for panel in PANELS for target in panel.get("targets", ())
    },
}

Scrape = dict[str, dict[str, set[str]]]
"""Of each metric the values of each label."""


@pytest.fixture
def scrape(app: Flask, person: Person) -> Scrape:
    """What an application says in which each thing has happened once."""
    socket = person.connect()
    socket.emit("join-team", "x")
    socket.close()
    person.connect("/ws/notifications")
    person.post("/api/notifications", {"userId": person.id, "type": "t", "title": "T", "message": "M"})
    socketio.relay.drain()
    person.http.get("/api/tasks")
    found: Scrape = defaultdict(lambda: defaultdict(set))
    for family in text_string_to_metric_families(app.test_client().get("/metrics").get_data(as_text=True)):
        for sample in family.samples:
            labels = found[sample.name]
            for label, value in sample.labels.items():
                labels[label].add(value)
    return found


def wrong(expression: str, scrape: Scrape) -> Iterator[str]:
    """What ``expression`` asks for that is not there."""
    asked = NAME.findall(expression)
    for name, matchers in asked:
        if name not in scrape:
            yield f"no metric {name}"
            continue
        for label, operator, value in MATCHER.findall(matchers):
            if label in OF_PROMETHEUS:
                continue
            if label not in scrape[name]:
                yield f"{name} has no label {label}"
            elif operator == "=" and value not in scrape[name][label]:
                yield f"{name} has no {label}={value}"
            elif operator in ("=~", "!~") and label != "status":
                yield from (f"{name} has no {label}={v}" for v in value.split("|") if v not in scrape[name][label])
    known = OF_PROMETHEUS | {label for name, _ in asked for label in scrape.get(name, ())}
    for labels in BY.findall(expression):
        yield from (f"nothing has a label {label}" for label in re.split(r",\s*", labels) if label not in known)


def test_each_metric_label_and_value_that_is_asked_for_is_in_a_scrape(scrape: Scrape) -> None:
    found = {title: list(wrong(expression, scrape)) for title, expression in EXPRESSIONS.items()}
    assert {title: faults for title, faults in found.items() if faults} == {}


@pytest.mark.parametrize(
    "expression",
    [
        "realtime_nothing > 0",
        'realtime_connections{way="websocket"}',
        'realtime_broker_faults_total{kind="stolen"}',
        'realtime_disconnects_total{reason!~"client disconnect|boredom"}',
        "sum by (colour) (realtime_connections)",
    ],
)
def test_what_is_not_there_is_found(expression: str, scrape: Scrape) -> None:
    assert list(wrong(expression, scrape))


def test_every_metric_of_ours_is_on_the_dashboard_and_in_the_guide(scrape: Scrape) -> None:
    names = {re.sub("_(bucket|count|sum)$", "", name) for name in scrape if name.startswith("realtime_")}
    on_panels = {
        re.sub("_bucket$", "", name)
        for panel in PANELS
        for target in panel.get("targets", ())
        for name, _ in NAME.findall(target["expr"])
    }
    assert names - on_panels - {"realtime_rooms"} == set()
    assert {name for name in names if f"`{name}`" not in OPERATIONS} == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_rule_says_how_bad_it_is_and_where_it_is_written_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert {"summary", "description", "runbook"} <= set(rule["annotations"])
    page, _, section = rule["annotations"]["runbook"].partition("#")
    assert page == "docs/operations.md"
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^### (.*)$", OPERATIONS, re.MULTILINE)}
    assert section in headings


def test_the_thresholds_that_the_server_has_too_are_its_own(settings: Settings) -> None:
    ours = {
        "RealtimeHubLag": settings.alert_hub_lag_ms / 1000,
        "RealtimeDeliveryLate": settings.alert_delivery_p99_ms / 1000,
        "RealtimeBacklogOld": settings.alert_backlog_seconds,
        "RealtimeDisconnectRate": settings.alert_disconnects_per_second,
        "RealtimeAuthFailures": settings.alert_auth_failures_per_second,
    }
    theirs = {rule["alert"]: float(rule["expr"].rpartition(">")[2]) for rule in RULES if rule["alert"] in ours}
    assert theirs == ours


def test_no_panel_lies_on_another_and_each_has_its_own_id() -> None:
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)

    def cells(panel: dict[str, Any]) -> set[tuple[int, int]]:
        at = panel["gridPos"]
        return {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}

    assert [(a["title"], b["title"]) for a, b in combinations(PANELS, 2) if cells(a) & cells(b)] == []
    assert max(panel["gridPos"]["x"] + panel["gridPos"]["w"] for panel in PANELS) == 24
