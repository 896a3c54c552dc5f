"""The rooms of others: whoever may not hear them is denied, and hears nothing that happens there."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.scenarios import ok
from tests.security.aviary import Aviary, canaries, heard_by, listening, person, sing
from tests.security.socket_client import SocketClient
from tests.support.api import Api
from tests.support.demo import demo_user

OF_A_USER = ("user", "notifications", "tasks", "analytics")
GROUPS = ("team", "department", "chat")
NAMESPACES = ("/", "/ws/notifications", "/ws/chat", "/ws/tasks", "/ws/analytics")
MISSING = "0199aaaa-0000-7000-8000-000000000000"

admin = demo_user("admin", of="aviary", scope="module")


@dataclass(frozen=True)
class House:
    """Who lives together, who doesn't, and the id of each room of those who do."""

    people: dict[str, Api]
    ids: dict[str, str]


@pytest.fixture(scope="module")
def house(aviary: Aviary, admin: Api) -> House:
    """Victim, mate and boss share a team, a department and a conversation; boss and rival are managers."""
    people = {name: person(aviary.url) for name in ("victim", "mate", "boss", "rival", "stranger")}
    for name in ("boss", "rival"):
        ok(admin.patch(f"/api/users/{people[name].user['id']}", {"role": "manager"}))
    team, department, elsewhere = (
        ok(admin.post(path, {"name": "House"}))["id"] for path in ("/api/teams", "/api/departments", "/api/teams")
    )
    insiders = [people[name].user["id"] for name in ("victim", "mate", "boss")]
    for id in insiders:
        ok(admin.put(f"/api/teams/{team}/members/{id}"))
        ok(admin.put(f"/api/departments/{department}/members/{id}"))
    ok(admin.put(f"/api/teams/{elsewhere}/members/{people['rival'].user['id']}"))
    chat = ok(people["victim"].post("/api/chat/conversations", {"title": "Home", "participantIds": insiders}))["id"]
    own = dict.fromkeys(OF_A_USER, people["victim"].user["id"])
    return House(people | {"admin": admin}, own | {"team": team, "department": department, "chat": chat})


WHO_MAY = {
    "user": ("victim",),
    "notifications": ("victim",),
    "tasks": ("victim", "boss", "admin"),
    "analytics": ("victim", "boss", "admin"),
    "team": ("victim", "mate", "boss", "admin"),
    "department": ("victim", "mate", "boss", "admin"),
    "chat": ("victim", "mate", "boss"),
}
EVERYBODY = ("victim", "mate", "boss", "rival", "stranger", "admin")
DENIED = [(kind, who) for kind, may in WHO_MAY.items() for who in EVERYBODY if who not in may]


@pytest.fixture(scope="module")
def sockets(aviary: Aviary, house: House) -> Iterator[dict[str, SocketClient]]:
    """A socket of each, in the room of their notifications."""
    opened = {name: listening(aviary, someone) for name, someone in house.people.items()}
    yield opened
    for socket in opened.values():
        socket.close()


@pytest.mark.parametrize(("kind", "intruder"), DENIED)
def test_who_may_not_hear_a_room_is_denied_and_a_canary_there_is_not_heard(
    kind: str, intruder: str, aviary: Aviary, house: House, sockets: dict[str, SocketClient]
) -> None:
    id, room = house.ids[kind], f"{kind}-{house.ids[kind]}"
    assert sockets["victim"].emit(f"join-{kind}", id)["ok"]
    refusals = [sockets[intruder].emit(f"join-{kind}", *arguments) for arguments in ((id,), (id, {"since": "0"}))]
    assert [(ack["ok"], ack["error"]["code"]) for ack in refusals] == [(False, "forbidden")] * 2
    sing(aviary.url, {"canary": [room]})
    assert canaries(heard_by(sockets["victim"], house.people["victim"])) == ["canary"]
    assert heard_by(sockets[intruder], house.people[intruder]) == []
    answer = house.people[intruder].get(f"/api/events?room={room}")
    assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(("kind", "listener"), [(kind, who) for kind, may in WHO_MAY.items() for who in may])
def test_who_may_hear_a_room_hears_a_canary_there(kind: str, listener: str, aviary: Aviary, house: House) -> None:
    with listening(aviary, house.people[listener]) as socket:
        assert socket.emit(f"join-{kind}", house.ids[kind])["ok"]
        sing(aviary.url, {"canary": [f"{kind}-{house.ids[kind]}"]})
        assert canaries(heard_by(socket, house.people[listener])) == ["canary"]


@pytest.mark.parametrize("kind", [*OF_A_USER, *GROUPS])
def test_a_room_of_another_and_one_of_nobody_are_denied_in_the_same_words(
    kind: str, house: House, sockets: dict[str, SocketClient]
) -> None:
    answers = [sockets["stranger"].emit(f"join-{kind}", id) for id in (house.ids[kind], MISSING)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_no_namespace_brings_a_room_of_another(namespace: str, aviary: Aviary, house: House) -> None:
    stranger = house.people["stranger"]
    rooms = [f"{kind}-{id}" for kind, id in house.ids.items()]
    with listening(aviary, stranger, namespace) as socket:
        acks = [socket.emit(f"join-{kind}", id) for kind, id in house.ids.items()]
        assert [ack["error"]["code"] for ack in acks] == ["forbidden"] * len(rooms)
        sing(aviary.url, {room: [room] for room in rooms})
        assert heard_by(socket, stranger) == []


@pytest.mark.parametrize("name", ["@user:{}", "@login:{}", "*", "%", "/", ""])
def test_a_room_that_is_not_for_clients_can_not_be_named(
    name: str, aviary: Aviary, house: House, sockets: dict[str, SocketClient]
) -> None:
    victim, stranger = house.people["victim"].user["id"], house.people["stranger"]
    assert [kind for kind in house.ids if sockets["stranger"].emit(f"join-{kind}", name.format(victim))["ok"]] == []
    sing(aviary.url, {"canary": [f"@user:{victim}"]})
    assert heard_by(sockets["stranger"], stranger) == []


def test_a_recovery_with_the_private_id_of_another_goes_on_with_nothing_of_theirs(aviary: Aviary, house: House) -> None:
    victim, stranger = house.people["victim"], house.people["stranger"]
    with listening(aviary, victim) as lost:
        assert lost.emit("join-chat", house.ids["chat"])["ok"]
        lost.cut()
        sing(aviary.url, {"missed": [f"chat-{house.ids['chat']}"]})
        with SocketClient(aviary.port, stranger.token, after=lost) as thief:
            assert not thief.recovered
            assert thief.emit("join-notifications", stranger.user["id"])["ok"]
            assert heard_by(thief, stranger) == []
        with SocketClient(aviary.port, victim.token, after=lost) as back:
            assert back.recovered
            assert canaries(heard_by(back, victim)) == ["missed"]
