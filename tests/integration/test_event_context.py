"""What handlers of events find of Flask: as under Flask-SocketIO, though made when it is asked for."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, copy_current_request_context, g, request, session, url_for
from flask_socketio import SocketIOTestClient

from app.engine import SocketIO

Ask = Callable[..., Any]


@pytest.fixture
def torn_down() -> list[bool]:
    """For each context that was torn down, whether something was left in its `g`."""
    return []


@pytest.fixture
def flask_app(torn_down: list[bool]) -> Flask:
    app = Flask(__name__)
    app.teardown_appcontext(lambda _: torn_down.append("seen" in g))
    app.config["SECRET_KEY"] = "test"
    app.add_url_rule("/page/<int:number>", "page", str)

    @app.get("/log-in")
    def log_in() -> str:
        session["user"] = "alice"
        return "ok"

    return app


def client_of(socketio: SocketIO, app: Flask) -> SocketIOTestClient:
    """A client with the cookie of somebody who logged in."""
    browser = app.test_client()
    browser.get("/log-in")
    return socketio.test_client(app, flask_test_client=browser, headers={"User-Agent": "test"}, query_string="?a=b")


@pytest.fixture(params=[True, False], ids=["sessions of its own", "the user's sessions"])
def socketio(request: pytest.FixtureRequest, flask_app: Flask) -> SocketIO:
    return SocketIO(flask_app, async_mode="eventlet", manage_session=request.param)


@pytest.fixture
def ask(socketio: SocketIO, flask_app: Flask) -> Ask:
    """Has a function called as the handler of an event, and returns what it does."""
    client = client_of(socketio, flask_app)

    def call(handler: Any) -> Any:
        socketio.on_event("ask", handler)
        return client.emit("ask", callback=True)

    return call


def test_the_request_is_the_one_that_the_connection_began_with(ask: Ask) -> None:
    assert ask(lambda: [request.headers["User-Agent"], request.args["a"], request.method]) == ["test", "b", "GET"]


def test_the_request_names_the_socket_and_the_event(ask: Ask) -> None:
    found: Any = ask(lambda: [request.sid, request.namespace, request.event["message"]])  # type: ignore[attr-defined]
    assert len(found[0]) > 10
    assert found[1:] == ["/", "ask"]


def test_the_session_is_the_users(ask: Ask) -> None:
    assert ask(lambda: session["user"]) == "alice"


def test_the_context_can_be_copied_for_what_goes_on_later(ask: Ask) -> None:
    def later() -> str:
        return request.args["a"]

    def handler() -> str:
        return copy_current_request_context(later)()

    assert ask(handler) == "b"


def test_urls_can_be_built(ask: Ask) -> None:
    assert ask(lambda: url_for("page", number=3)) == "/page/3"


def test_g_is_new_for_each_event_and_is_torn_down_behind_it(ask: Ask, torn_down: list[bool]) -> None:
    torn_down.clear()

    def see() -> bool:
        before = "seen" in g
        g.seen = True
        return before

    assert [ask(see), ask(see)] == [False, False]
    assert torn_down == [True, True]


def test_an_error_goes_to_the_handler_of_errors(ask: Ask, socketio: SocketIO) -> None:
    socketio.on_error_default(lambda error: f"told {error}")
    assert ask(lambda: 1 / 0) == "told division by zero"


def test_a_session_of_its_own_is_kept_from_event_to_event(flask_app: Flask) -> None:
    socketio = SocketIO(flask_app, async_mode="eventlet")
    client = client_of(socketio, flask_app)

    @socketio.on("count")
    def count() -> int:
        session["count"] = session.get("count", 0) + 1
        return int(session["count"])

    assert [client.emit("count", callback=True), client.emit("count", callback=True)] == [1, 2]


@pytest.mark.parametrize("taking", [True, False])
def test_a_connect_handler_takes_auth_or_does_not(flask_app: Flask, *, taking: bool) -> None:
    socketio = SocketIO(flask_app, async_mode="eventlet")
    calls: list[Any] = []
    handler: Any = calls.append if taking else lambda: calls.append("none")
    socketio.on_event("connect", handler)
    assert socketio.test_client(flask_app, auth={"a": 1}).is_connected()
    assert calls == [{"a": 1} if taking else "none"]


def test_a_connect_handler_that_fails_with_a_type_error_is_not_called_again(flask_app: Flask) -> None:
    socketio = SocketIO(flask_app, async_mode="eventlet")
    calls: list[Any] = []

    def connect(auth: Any = None) -> None:
        calls.append(auth)
        raise TypeError

    socketio.on_event("connect", connect)
    with pytest.raises(TypeError):
        socketio.test_client(flask_app, auth={"a": 1})
    assert calls == [{"a": 1}]
