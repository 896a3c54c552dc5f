"""Who lost a right to a room hears nothing that happens in it later: not live, not by `since`, not by coming back."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.scenarios import ok
from tests.security.aviary import Aviary, canaries, heard_by, listening, person, sing
from tests.security.socket_client import Heard, SocketClient
from tests.support.api import Api
from tests.support.demo import demo_user
from tests.support.sse import EventStream

ROLE_CHANGED = "role_changed"

admin = demo_user("admin", of="aviary", scope="module")


@dataclass(frozen=True)
class Loss:
    """How somebody loses a room: its kind, what takes it from them, what gives it back, and what they are told."""

    kind: str
    take: Callable[["Case"], object]
    give: Callable[["Case"], object]
    reason: str = "removed"


@dataclass(frozen=True)
class Case:
    """Somebody, who may hear one room of each kind of group, and a manager's rooms of a mate."""

    admin: Api
    loser: Api
    mate: Api
    ids: dict[str, str]

    def path(self, kind: str, who: Api) -> str:
        """Of somebody's place in a group."""
        if kind == "chat":
            return f"/api/chat/conversations/{self.ids['chat']}/participants/{who.user['id']}"
        return f"/api/{kind}s/{self.ids[kind]}/members/{who.user['id']}"


def removed_from(kind: str) -> Loss:
    return Loss(
        kind,
        lambda case: ok(case.admin.delete(case.path(kind, case.loser))),
        lambda case: ok(case.admin.put(case.path(kind, case.loser))),
    )


def demoted(kind: str) -> Loss:
    return Loss(kind, lambda case: role(case, "member"), lambda case: role(case, "manager"), ROLE_CHANGED)


def role(case: Case, name: str) -> object:
    return ok(case.admin.patch(f"/api/users/{case.loser.user['id']}", {"role": name}))


def the_mate_is_removed(kind: str) -> Loss:
    return Loss(
        kind,
        lambda case: ok(case.admin.delete(case.path("team", case.mate))),
        lambda case: ok(case.admin.put(case.path("team", case.mate))),
    )


LOSSES = {
    "removed from a team": removed_from("team"),
    "removed from a department": removed_from("department"),
    "moved to another department": Loss(
        "department",
        lambda case: ok(case.admin.put(f"/api/departments/{case.ids['elsewhere']}/members/{case.loser.user['id']}")),
        lambda case: ok(case.admin.put(case.path("department", case.loser))),
    ),
    "removed from a conversation": removed_from("chat"),
    "left a conversation": Loss(
        "chat",
        lambda case: ok(case.loser.delete(case.path("chat", case.loser))),
        lambda case: ok(case.admin.put(case.path("chat", case.loser))),
    ),
    "no longer a manager, tasks": demoted("tasks"),
    "no longer a manager, analytics": demoted("analytics"),
    "no longer the manager of who left, tasks": the_mate_is_removed("tasks"),
    "no longer the manager of who left, analytics": the_mate_is_removed("analytics"),
}


@pytest.fixture(scope="module")
def case(aviary: Aviary, admin: Api) -> Case:
    loser, mate = person(aviary.url), person(aviary.url)
    people = [loser.user["id"], mate.user["id"]]
    ids = {"tasks": mate.user["id"], "analytics": mate.user["id"]}
    for name, kind in (("team", "team"), ("department", "department"), ("elsewhere", "department")):
        ids[name] = ok(admin.post(f"/api/{kind}s", {"name": name}))["id"]
    ids["chat"] = ok(admin.post("/api/chat/conversations", {"title": "T", "participantIds": people}))["id"]
    found = Case(admin, loser, mate, ids)
    for kind in ("team", "department"):
        for who in (loser, mate):
            ok(admin.put(found.path(kind, who)))
    role(found, "manager")
    return found


@pytest.fixture(scope="module", params=LOSSES)
def loss(request: pytest.FixtureRequest, case: Case) -> Iterator[Loss]:
    found = LOSSES[request.param]
    yield found
    found.give(case)


def room_of(case: Case, loss: Loss) -> str:
    return f"{loss.kind}-{case.ids[loss.kind]}"


@pytest.fixture
def socket(aviary: Aviary, case: Case, loss: Loss) -> SocketClient:
    """In the room, to which its owner has the right, and of which it has heard one canary."""
    loss.give(case)
    opened = listening(aviary, case.loser)
    assert opened.emit(f"join-{loss.kind}", case.ids[loss.kind])["ok"]
    sing(aviary.url, {"before": [room_of(case, loss)]})
    assert canaries(heard_by(opened, case.loser)) == ["before"]
    return opened


def afterwards(socket: SocketClient, aviary: Aviary, case: Case, loss: Loss) -> SocketClient:
    """The same socket; of who has another role now it was ended, without a canary, and they have connected again."""
    if loss.reason != ROLE_CHANGED:
        return socket
    assert canaries(socket.hear_until_ended()) == []
    return listening(aviary, case.loser)


def test_it_is_left_at_once_and_a_later_canary_is_not_heard(
    socket: SocketClient, aviary: Aviary, case: Case, loss: Loss
) -> None:
    loss.take(case)
    sing(aviary.url, {"after": [room_of(case, loss)]})
    left = Heard("room-left", {"room": room_of(case, loss), "reason": loss.reason})
    if loss.reason == ROLE_CHANGED:
        *heard, error = socket.hear_until_ended()
        assert (heard, error.event, error.payload["code"]) == ([left], "error", ROLE_CHANGED)
    else:
        assert heard_by(socket, case.loser) == [left]
    socket.close()


def test_what_happened_before_and_after_is_not_told_by_since(
    socket: SocketClient, aviary: Aviary, case: Case, loss: Loss
) -> None:
    since = socket.offset
    loss.take(case)
    sing(aviary.url, {"after": [room_of(case, loss)]})
    socket = afterwards(socket, aviary, case, loss)
    for offset in ("0", since):
        ack = socket.emit(f"join-{loss.kind}", case.ids[loss.kind], {"since": offset})
        assert (ack["ok"], ack["error"]["code"]) == (False, "forbidden")
        assert case.loser.get(f"/api/events?room={room_of(case, loss)}&after={offset}").status == 404
    assert canaries(heard_by(socket, case.loser)) == []
    socket.close()


def test_who_comes_back_without_the_right_hears_nothing_that_was_missed(
    socket: SocketClient, aviary: Aviary, case: Case, loss: Loss
) -> None:
    socket.cut()
    sing(aviary.url, {"while it was theirs": [room_of(case, loss)]})
    loss.take(case)
    sing(aviary.url, {"when it was not": [room_of(case, loss)]})
    with SocketClient(aviary.port, case.loser.token, after=socket) as back:
        assert back.recovered
        sing(aviary.url, {"later": [room_of(case, loss)]})
        assert canaries(heard_by(back, case.loser)) == []


def test_who_is_given_it_back_hears_nothing_before_they_join(
    socket: SocketClient, aviary: Aviary, case: Case, loss: Loss
) -> None:
    loss.take(case)
    sing(aviary.url, {"without": [room_of(case, loss)]})
    loss.give(case)
    socket = afterwards(socket, aviary, case, loss)
    sing(aviary.url, {"not joined": [room_of(case, loss)]})
    assert canaries(heard_by(socket, case.loser)) == []
    assert socket.emit(f"join-{loss.kind}", case.ids[loss.kind])["ok"]
    sing(aviary.url, {"joined": [room_of(case, loss)]})
    assert canaries(heard_by(socket, case.loser)) == ["joined"]
    socket.close()


# --- the two other ways to hear a conversation, without joining it


@pytest.fixture
def pair(aviary: Aviary, admin: Api) -> Case:
    loser = person(aviary.url)
    form = {"title": "T", "participantIds": [loser.user["id"]]}
    return Case(admin, loser, loser, {"chat": ok(admin.post("/api/chat/conversations", form))["id"]})


def write(case: Case, text: str) -> None:
    ok(case.admin.post(f"/api/chat/conversations/{case.ids['chat']}/messages", {"content": text}))


def test_a_socket_of_the_namespace_of_chat_hears_no_message_after_the_removal(aviary: Aviary, pair: Case) -> None:
    with listening(aviary, pair.loser, "/ws/chat") as socket:
        write(pair, "before")
        LOSSES["removed from a conversation"].take(pair)
        write(pair, "after")
        heard = heard_by(socket, pair.loser)
        assert [payload["content"] for event, payload in heard if event == "new-message"] == ["before"]
        socket.cut()
        write(pair, "long after")
        with SocketClient(aviary.port, pair.loser.token, "/ws/chat", after=socket) as back:
            assert heard_by(back, pair.loser) == []


def test_an_event_stream_of_chat_tells_no_message_after_the_removal(aviary: Aviary, pair: Case) -> None:
    """Nor does one that goes on where it was: a second conversation is heard in its place."""
    bearer = {"Authorization": f"Bearer {pair.loser.token}"}
    form = {"title": "Other", "participantIds": [pair.loser.user["id"]]}
    other = Case(
        pair.admin, pair.loser, pair.loser, {"chat": ok(pair.admin.post("/api/chat/conversations", form))["id"]}
    )
    with EventStream(aviary.url, "/ws/chat", bearer) as stream:
        write(pair, "before")
        assert next_message(stream) == "before"
        last = stream.last_id
        LOSSES["removed from a conversation"].take(pair)
        write(pair, "after")
        write(other, "canary")
        assert next_message(stream) == "canary"
    with EventStream(aviary.url, "/ws/chat", bearer | {"Last-Event-ID": last}) as stream:
        assert next_message(stream) == "canary"


def next_message(stream: EventStream) -> str:
    """The content of the next message that is told; who comes and goes is passed over."""
    while (told := stream.next()) is not None:
        if told.event == "new-message":
            content: str = json.loads(told.data)["content"]
            return content
    raise AssertionError("the stream has ended")
