"""Polling: requests that are malformed, too many or broken off cost their own session at the most."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep

import pytest

from tests.faults.watch import Watch
from tests.security.engine.polls import Answer, Polling, Request
from tests.security.engine.servers import DropIn
from tests.security.engine.wire import WebSocket
from tests.support.brokers import wait_until

THREADS = 8
MALFORMED = ["x", "7", b"4\xff", '42["message"]\x1ex']


@pytest.fixture
def polling(server: DropIn) -> Iterator[Polling]:
    with Polling(server.port) as opened:
        yield opened


@pytest.mark.parametrize("packet", MALFORMED)
def test_a_malformed_packet_closes_its_session_with_400(packet: str | bytes, polling: Polling) -> None:
    assert [polling.post(packet).status, polling.post("40").status, polling.poll().status] == [400, 400, 400]


def test_1000_malformed_packets_of_one_session_hold_nobody_up(server: DropIn, polling: Polling) -> None:
    with Watch(server.api, "/health/live") as watch, ThreadPoolExecutor(THREADS) as pool:
        statuses = {answer.status for answer in pool.map(lambda _: polling.post("7"), range(1000))}
    assert statuses == {400}
    assert max(watch.seconds) < 1


def test_a_poll_that_waits_ends_when_a_malformed_packet_closes_its_session(polling: Polling) -> None:
    waiting = polling.get()
    sleep(0.05)
    polling.post("x")
    assert waiting.answer().status in {200, 400}


def test_overlapping_polls_are_answered_and_leave_nothing_behind(server: DropIn, polling: Polling) -> None:
    polling.connected()
    before = server.vitals()
    polls = [polling.get() for _ in range(100)]
    polling.post("1")
    assert {poll.answer().status for poll in polls} <= {200, 400}
    wait_until(lambda: server.vitals()["greenlets"] <= before["greenlets"] + 2, 2)
    assert server.vitals()["sessions"] < before["sessions"]


def test_only_one_of_two_polls_at_a_time_is_let_wait(polling: Polling) -> None:
    polling.connected()
    first = polling.get()
    sleep(0.05)
    assert polling.poll().status == 400
    assert first.answer() == Answer(200, "1")
    assert polling.poll().status == 400


def test_posts_at_once_crash_nothing(server: DropIn, polling: Polling) -> None:
    polling.connected()
    before, together = len(server.log()), Barrier(THREADS)

    def post(_: int) -> int:
        together.wait()
        return polling.post('42["message"]').status

    with ThreadPoolExecutor(THREADS) as pool:
        assert set(pool.map(post, range(THREADS))) <= {200, 400}
    assert "Traceback" not in server.log()[before:]


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_an_event_for_a_poll_that_was_broken_off_is_not_lost_unnoticed(
    reset: bool, server: DropIn, polling: Polling
) -> None:
    """It comes with the next poll; or the session is over, which sends the client back to begin anew."""
    polling.connected("room")
    waiting = polling.get()
    sleep(0.1)
    waiting.abort(reset=reset)
    sleep(0.1)
    server.tell(1, "room")
    answer = polling.poll()
    assert answer in (Answer(200, '42["told",1]'), Answer(200, "1")) or answer.status == 400


def test_broken_off_polls_leave_nothing_behind(server: DropIn, polling: Polling) -> None:
    polling.connected()
    before = server.vitals()
    for _ in range(50):
        waiting = polling.get()
        sleep(0.005)
        waiting.abort(reset=False)
    wait_until(lambda: server.vitals()["greenlets"] <= before["greenlets"] + 2, 2)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_jsonp_is_refused(method: str, server: DropIn, polling: Polling) -> None:
    body = "d=4" if method == "POST" else None
    assert Request(server.port, method, f"{polling.target}&j=0", body).answer().status == 400


def test_a_session_is_not_opened_for_jsonp(server: DropIn) -> None:
    opening = Request(server.port, "GET", "/socket.io/?EIO=4&transport=polling&j=0")
    assert opening.answer().status == 400


def test_a_request_of_a_session_that_went_to_a_websocket_is_refused(ws: WebSocket, server: DropIn) -> None:
    target = f"/socket.io/?EIO=4&transport=polling&sid={ws.opened['sid']}"
    assert Request(server.port, "GET", target).answer().status == 400
    assert Request(server.port, "POST", target, "40").answer().status == 400
    ws.connected()
