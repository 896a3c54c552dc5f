"""Values that nobody should send, in every place that takes one: refused, told to nobody, and never a fault of ours."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import Any

import pytest

from app.events.base import NAMESPACES
from app.events.registry import COMMANDS
from tests.e2e.scenarios import World
from tests.security.operations import NEVER_VALUES, ODD_VALUES, Operation, deep, operations
from tests.support.api import Api, Response
from tests.support.demo import GENEROUS
from tests.support.js_client import JsPeer
from tests.support.raw_socket import Closed, RawSocket
from tests.support.server import Server

UNLIMITED = {
    "COMMANDS_PER_SECOND": "100000",
    "COMMANDS_BURST": "100000",
    "USER_COMMANDS_PER_SECOND": "100000",
    "USER_COMMANDS_BURST": "100000",
    "WRONG_PASSWORDS": "100000",
}
NO_ALERTS = {"ALERT_DISCONNECTS_PER_SECOND": "0", "ALERT_AUTH_FAILURES_PER_SECOND": "0", "ALERT_HUB_LAG_MS": "0"}
REFUSED = {400, 413}
LOGIN_FIRST = {"/api/auth/refresh"}  # asks for another token than the others, before anything else

FIELDS = {
    "typing-start": "conversationId",
    "typing-stop": "conversationId",
    "presence-set": "status",
    "refresh-auth": "token",
}
ODD_OPTIONS = [
    "1",
    '"x"',
    "[]",
    '{"since":1}',
    '{"since":{}}',
    '{"until":"1"}',
    '{},"more"',
    f'{{"since":"{"x" * 200}"}}',
]
ODD_NUMBERS = ["-1", "0", "%2B1", "1_0", "1.0", "99999999999999999999", "%D9%A3", "0x10", ""]
ODD_BODIES = [
    *(b"[]", b'"x"', b"1", b"null", b"{", b"NaN", b"\xff", b"{}{}", b'{"x":1}', b"x" * 1_000_000),
    *(deep(levels, "[", "]").encode() for levels in (1000, 30_000)),
    "{}".encode("utf-16"),
]

ODD_WORDS = [
    *("%25", "_", "%2A", "%27%20OR%201%3D1%20--", "1%3BDROP%20TABLE%20users"),
    *("%00", "%FF", "x" * 2000, "%7B%22a%22%3A1%7D", "..", "%2E%2E%2Fme", "%0D%0A"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Its own: nothing else is heard there."""
    with Server(tmp_path_factory.mktemp("odd"), GENEROUS | UNLIMITED | NO_ALERTS) as running:
        yield running


@pytest.fixture(scope="module")
def people(server: Server) -> World:
    return World.at(server.url)


@pytest.fixture(scope="module")
def every(people: World) -> list[Operation]:
    return list(operations(people))


@pytest.fixture
def unheard(server: Server, people: World, js: JsPeer) -> Iterator[None]:
    """All listen, and what they hear first is what is done after the test."""
    sockets = [
        js.connect(server.url, namespace, auth={"token": person.token})
        for person in (people.admin, people.manager, people.alice, people.bob)
        for namespace in NAMESPACES
    ]
    yield
    canary = people.message()
    for socket in sockets:
        assert socket.emit("leave-user", "x")["ok"]  # its answer comes behind what was told before
    heard = [event for socket in sockets for event in socket.heard() if event.event != "presence-changed"]
    assert {event.event for event in heard} == {"new-message"}
    assert {event.args[0]["id"] for event in heard} == {canary}


def send(caller: Api, operation: Operation, body: bytes, content_type: str = "application/json") -> Response:
    """Call an operation with these very bytes."""
    connection = HTTPConnection(caller.url.removeprefix("http://"), timeout=10)
    path = operation.path.format(**operation.ids).replace("👍", "%F0%9F%91%8D")
    headers = {"Authorization": f"Bearer {caller.token}", "Content-Type": content_type}
    try:
        connection.request(operation.method, path, body, headers)
        answer = connection.getresponse()
        return Response(answer.status, answer.read(), answer.headers)
    finally:
        connection.close()


def caller(people: World, operation: Operation) -> Api:
    """Somebody who sees what the operation is about."""
    return people.alice if operation.path.startswith(("/api/chat", "/api/notifications")) else people.admin


def query(operation: Operation, people: World, name: str, word: str) -> str:
    """One parameter, and what must stand beside it."""
    beside = f"room=user-{people.admin.user['id']}&" if operation.path == "/api/events" and name != "room" else ""
    return f"{beside}{name}={word}"


def found_nothing(answer: Response) -> bool:
    """Whether it was refused, or is a list of nothing."""
    return answer.status in {400, 404} or (answer.status == 200 and answer.json["items"] == [])


def own(people: World) -> str:
    return json.dumps(people.alice.user["id"])


def filled(operation: Operation, field: str, value: str) -> bytes:
    """A proper body but for the value of one field, which is JSON."""
    rest = [f"{json.dumps(name)}:{json.dumps(given)}" for name, given in operation.form().items() if name != field]
    return ("{" + ",".join([*rest, f"{json.dumps(field)}:{value}"]) + "}").encode()


def wrong(every: list[Operation], values: list[str], *, always: bool) -> Iterator[tuple[Operation, str, str]]:
    for operation in every:
        for field in operation.fields:
            for value in values:
                if always or not operation.allows(field, json.loads(value)):
                    yield operation, field, value


# --- REST


@pytest.mark.usefixtures("unheard")
def test_a_value_of_another_kind_than_the_document_says_is_refused_in_every_field(
    every: list[Operation], people: World
) -> None:
    tried = {
        (str(operation), field, value[:40]): send(people.admin, operation, filled(operation, field, value)).status
        for operation, field, value in wrong(every, ODD_VALUES, always=False)
    }
    assert len(tried) > 400
    assert {what: status for what, status in tried.items() if status not in REFUSED} == {}


@pytest.mark.usefixtures("unheard")
def test_no_number_that_json_has_not_no_half_a_character_and_no_deep_nesting_is_taken_in_any_field(
    every: list[Operation], people: World
) -> None:
    tried = {
        (str(operation), field, value[:40]): send(people.admin, operation, filled(operation, field, value)).status
        for operation, field, value in wrong(every, NEVER_VALUES, always=True)
    }
    assert len(tried) > 300
    assert {what: status for what, status in tried.items() if status not in REFUSED} == {}


@pytest.mark.usefixtures("unheard")
def test_what_is_no_json_or_no_object_is_refused_as_a_body(every: list[Operation], people: World) -> None:
    tried = {
        (str(operation), body[:20]): send(people.admin, operation, body).status
        for operation in every
        if operation.method != "GET" and operation.path not in LOGIN_FIRST
        for body in ODD_BODIES
    }
    assert {what: status for what, status in tried.items() if status not in REFUSED} == {}


def test_a_limit_is_a_whole_number_and_not_above_the_most(every: list[Operation], people: World) -> None:
    lists = [operation for operation in every if "limit" in operation.queries]
    tried = {
        (str(operation), limit): operation.call(
            caller(people, operation), query=query(operation, people, "limit", limit)
        )
        for operation in lists
        for limit in ("1000000000", "101" if "rooms" not in operation.path else "501", "1e9", *ODD_NUMBERS)
    }
    assert len(lists) > 10
    assert {what: answer.status for what, answer in tried.items() if answer.status != 400} == {}


def test_an_odd_word_in_a_query_is_refused_or_finds_nothing(every: list[Operation], people: World) -> None:
    tried = {
        (str(operation), name, word): operation.call(
            caller(people, operation), query=query(operation, people, name, word)
        )
        for operation in every
        for name in operation.queries
        for word in [*ODD_WORDS, *ODD_NUMBERS]
    }
    assert len(tried) > 500
    assert {what: answer.status for what, answer in tried.items() if not found_nothing(answer)} == {}


@pytest.mark.usefixtures("unheard")
def test_an_odd_word_in_a_path_finds_nothing_and_changes_nothing(every: list[Operation], people: World) -> None:
    tried = {
        (str(operation), place, word): operation.call(caller(people, operation), {place: word}, body=operation.form())
        for operation in every
        for place in operation.places
        for word in ODD_WORDS
    }
    assert len(tried) > 500
    idempotent = [what for what, answer in tried.items() if answer.status == 204]  # who watches not, is removed already
    assert {what[0] for what in idempotent} <= {"DELETE /api/tasks/{id}/watchers/{userId}"}
    others = {what: answer.status for what, answer in tried.items() if what not in idempotent}
    assert {what: status for what, status in others.items() if status not in {400, 404}} == {}


# --- commands


@pytest.fixture
def raw(server: Server, people: World) -> Iterator[Callable[[], RawSocket]]:
    """Opens connected clients of alice that send any bytes."""
    with ExitStack() as opened:

        def connect() -> RawSocket:
            client = opened.enter_context(RawSocket(server.url))
            assert client.receive().startswith("0")
            client.send("40" + json.dumps({"token": people.alice.token}))
            assert client.receive().startswith("40{")
            return client

        yield connect


def ask(client: RawSocket, arguments: str) -> Any:
    """The acknowledgement of a command whose name and arguments are JSON."""
    client.send(f"421[{arguments}]")
    while not (answer := client.receive()).startswith("431"):
        assert answer.startswith(("2", "42"))
        if answer == "2":
            client.send("3")
    return json.loads(answer[3:])[0]


@pytest.mark.usefixtures("unheard")
@pytest.mark.parametrize("command", COMMANDS)
def test_an_odd_argument_is_refused_with_a_code(command: str, raw: Callable[[], RawSocket], people: World) -> None:
    client = raw()
    field = "" if command.startswith(("join-", "leave-")) else FIELDS[command]
    arguments = ["", f'"x",{own(people)}', *ODD_VALUES, *(f'{{"{field}":{value}}}' for value in ODD_VALUES if field)]
    if command.startswith("join-"):
        arguments += [f"{own(people)},{options}" for options in ODD_OPTIONS]
    acks = {argument[:60]: ask(client, ",".join(filter(None, [f'"{command}"', argument]))) for argument in arguments}
    told = {argument: ack["error"]["code"] if not ack["ok"] else "ok" for argument, ack in acks.items()}
    texts = {json.dumps(text) for text in (" ", "\u200b", "' OR 1=1 --", "%")}
    if command.startswith("leave-"):  # of no room, however it is called
        assert {told.pop(text) for text in texts} == {"ok"}
    elif command.startswith("join-"):
        assert {told.pop(text) for text in texts} == {"forbidden"}
    assert set(told.values()) <= {"validation_failed", "forbidden", "not_found", "unauthenticated"}, told


@pytest.mark.usefixtures("unheard")
@pytest.mark.parametrize("value", NEVER_VALUES, ids=[value[:10] for value in NEVER_VALUES])
@pytest.mark.parametrize("arguments", ['"join-user",{}', '"typing-start",{{"conversationId":{}}}', '"no-command",{}'])
def test_a_number_that_json_has_not_and_deep_nesting_are_refused_or_end_the_connection(
    arguments: str, value: str, raw: Callable[[], RawSocket]
) -> None:
    client = raw()
    try:
        ack = ask(client, arguments.format(value))
    except (Closed, ConnectionError):
        return
    assert ack["ok"] is False
    assert ack["error"]["code"] in {"validation_failed", "not_found"}


@pytest.mark.usefixtures("unheard")
def test_an_argument_of_a_megabyte_ends_the_connection(raw: Callable[[], RawSocket]) -> None:
    client = raw()
    with pytest.raises((Closed, ConnectionError)):
        ask(client, json.dumps("join-user") + "," + json.dumps("x" * 1_000_000))


def test_nothing_of_all_this_was_a_fault_of_ours(server: Server) -> None:
    """The last test of this file: no request, no command met an error that was not foreseen."""
    assert "Traceback" not in server.log()
    assert "[error" not in server.log()
