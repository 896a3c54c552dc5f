"""Processes that are told to stop: their clients go elsewhere, a few at a time, and requests are answered."""

from pathlib import Path
from time import monotonic

import pytest

from app.engine.drain import SLOWEST, Drain
from tests.conftest import Scale
from tests.faults.audience import Audience
from tests.faults.burst import Burst
from tests.faults.conftest import LIMITS, Report
from tests.support.api import Api
from tests.support.brokers import wait_until
from tests.support.cluster import Cluster
from tests.support.js_client import JsPeer
from tests.support.server import GUNICORN, PYTHON

WINDOW = 10.0  # seconds, the default of DRAIN_SECONDS
SLACK = 10.0  # seconds, on a busy machine


@pytest.mark.parametrize(
    "command", [pytest.param(PYTHON, id="python"), pytest.param(GUNICORN, id="gunicorn", marks=pytest.mark.long)]
)
def test_a_process_that_drains_loses_no_event_and_no_request(
    tmp_path: Path, js: JsPeer, scale: Scale, report: Report, command: tuple[str, ...]
) -> None:
    sockets = scale(60, 500)
    with Cluster(tmp_path, 2, LIMITS, command) as cluster:
        leaving, other = cluster.servers
        alice = Api.as_demo_user(leaving.url, "alice")
        elsewhere = Api.as_demo_user(other.url, "alice")
        audience = Audience(js, [leaving], alice, sockets)
        audience.redirect(other)
        with Burst([alice, elsewhere], scale(100, 500), pause=0.02) as burst:
            burst.wait_until_made(20)
            began = monotonic()
            leaving.terminate()
            wait_until(lambda: alice.get("/health/ready").status == 503)
            audience.clients[0].wait_disconnect()
            first = monotonic() - began
            audience.wait_until_back()
            spread = monotonic() - began - first
            assert leaving.wait() == 0
            ended = monotonic() - began
        audience.wait_until_heard(burst.total)
        found = audience.audit(burst.total)
    report(
        f"SIGTERM of {'gunicorn' if command == GUNICORN else 'python wsgi.py'} with {sockets} sockets",
        found,
        f"closed over {spread:.1f} s, ended after {ended:.1f} s; of {len(burst.answers)} requests "
        f"{burst.refused} got 503, {burst.unanswered} no answer; "
        f"{audience.recovered} of {audience.reconnects} reconnects recovered",
    )
    assert found.clean
    assert audience.recovered == audience.reconnects == sockets
    assert (burst.refused, burst.unanswered) == (0, 0)
    assert spread > min(sockets / SLOWEST, WINDOW) / 2
    assert ended < WINDOW + Drain.GRACE + SLACK
