"""How a session of Engine.IO v4 is opened, over polling and over WebSocket, and what opens none."""

import pytest

from tests.protocol.conftest import Open
from tests.support.bare_websocket import HANDSHAKE, BareWebSocket
from tests.support.polling import Polling, Request
from tests.support.server import Server

KEYS = {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}
OTHER_METHODS = ["POST", "PUT", "PATCH", "DELETE"]

wrong = pytest.mark.parametrize(
    "query",
    [
        "transport={0}",
        "EIO=abc&transport={0}",
        "EIO=&transport={0}",
        "EIO=3&transport={0}",
        "EIO=5&transport={0}",
        "EIO=4",
        "EIO=4&transport=abc",
        "EIO=4&transport=",
        "EIO=4&transport={0}&sid=unknown",
        "",
    ],
)


def test_polling_opens_a_session_that_may_be_upgraded(beating: Server) -> None:
    answer = Request(beating.url, "EIO=4&transport=polling").answer()
    assert answer.status == 200
    assert answer.content_type.startswith("text/plain")
    opened = Polling(beating.url).opened
    assert set(opened) == KEYS
    assert isinstance(opened["sid"], str)
    assert opened["upgrades"] == ["websocket"]
    assert (opened["pingInterval"], opened["pingTimeout"]) == (300, 200)
    assert opened["maxPayload"] == 1_000_000


def test_a_websocket_opens_a_session_that_is_upgraded_already(beating: Server) -> None:
    with BareWebSocket(beating.url) as ws:
        opened = ws.opened()
    assert set(opened) == KEYS
    assert isinstance(opened["sid"], str)
    assert opened["upgrades"] == []
    assert (opened["pingInterval"], opened["pingTimeout"]) == (300, 200)
    assert opened["maxPayload"] == 1_000_000


def test_each_session_has_a_sid_of_its_own(connect: Open, echo: Server) -> None:
    sids = {Polling(echo.url).sid for _ in range(3)} | {connect().opened()["sid"] for _ in range(3)}
    assert len(sids) == 6


def test_parameters_of_no_meaning_are_ignored(connect: Open, echo: Server) -> None:
    assert Request(echo.url, "t=N8hyd6w&EIO=4&transport=polling&x=%00").answer().status == 200
    connect("x=1&transport=websocket&EIO=4&t=abc").opened()


@wrong
def test_polling_with_a_wrong_parameter_is_refused(query: str, echo: Server) -> None:
    assert Request(echo.url, query.format("polling")).answer().status == 400


@wrong
def test_a_websocket_with_a_wrong_parameter_is_refused(query: str, connect: Open) -> None:
    assert connect(query.format("websocket")).status == 400


@pytest.mark.parametrize("method", OTHER_METHODS)
def test_no_method_but_get_opens_a_session(method: str, echo: Server) -> None:
    assert Request(echo.url, "EIO=4&transport=polling", method, b"").answer().status == 400


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_session_knows_get_and_post_alone(method: str, polling: Polling, echo: Server) -> None:
    assert Request(echo.url, polling.query, method, b"4hello").answer().status == 400
    polling.post("4hello")
    assert polling.get().body == "4hello"


def test_the_transport_websocket_is_no_plain_request(echo: Server) -> None:
    assert Request(echo.url, "EIO=4&transport=websocket").answer().status == 400


def test_an_upgrade_to_websocket_is_no_plain_request(polling: Polling, echo: Server) -> None:
    assert Request(echo.url, polling.query.replace("polling", "websocket")).answer().status == 400
    polling.post("4hello")
    assert polling.get().body == "4hello"


@pytest.mark.parametrize("query", ["transport=polling", "EIO=4", "EIO=3&transport=polling", "EIO=4&transport=abc"])
def test_parameters_are_wanted_in_each_request_of_a_session(query: str, polling: Polling, echo: Server) -> None:
    assert Request(echo.url, f"{query}&sid={polling.sid}").answer().status == 400
    assert Request(echo.url, f"{query}&sid={polling.sid}", "POST", b"4hello").answer().status == 400


@pytest.mark.parametrize("sid", ["unknown", "%00", "%ff", "../etc", "x" * 2000])
def test_an_unknown_sid_is_refused(sid: str, connect: Open, echo: Server) -> None:
    query = f"EIO=4&transport=polling&sid={sid}"
    assert Request(echo.url, query).answer().status == 400
    assert Request(echo.url, query, "POST", b"4hello").answer().status == 400
    assert connect(query.replace("polling", "websocket"), HANDSHAKE).status == 400
