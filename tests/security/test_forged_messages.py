"""Whoever can write to Redis speaks for no process: what they write is ignored and counted, and honest events go on."""

import ast
import base64
import json
import pickle
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from app.config import Settings
from app.core.clock import now
from app.engine import Envelope
from app.engine.brokers.seal import Seal
from app.events.controls import EndConnections
from app.events.notifications import NewNotification
from tests.e2e.scenarios import World, ok
from tests.support.api import Api
from tests.support.brokers import wait_until
from tests.support.cluster import Cluster
from tests.support.js_client import JsClient, JsPeer
from tests.support.server import ROOT

Entry = dict[Any, Any]


@dataclass
class Intruder:
    """Can read and write the cluster's Redis, and has no key.

    Attributes:
        numbered: the stream of durable events.
        unnumbered: that of all others.
        notify: has a process write to the first, and returns an id that is in the entry.
    """

    client: Any
    numbered: str
    unnumbered: str
    notify: Callable[[], str]

    @property
    def entries(self) -> list[tuple[str, Entry]]:
        """All that is in the stream of events without a number."""
        found: list[tuple[str, Entry]] = self.client.xrange(self.unnumbered)
        return found

    def settle(self) -> None:
        """Wait until a process writes durable events to Redis: what was forged before is removed by then."""
        made: list[str] = []

        def settled() -> bool:
            made.append(self.notify())
            newest = self.client.xrevrange(self.numbered, count=1)
            return any(id in newest[0][1]["text"] for id in made if newest)

        wait_until(settled)

    def future_number(self) -> int:
        """One that a durable event will soon have; not the very next, which may be given at this moment."""
        if not self.client.exists(self.numbered):
            self.settle()
        last: str = self.client.xinfo_stream(self.numbered)["last-generated-id"]
        return int(last.partition("-")[0]) + 10

    def add(self, entry: Entry, *, numbered: bool) -> None:
        if numbered:
            self.client.xadd(self.numbered, entry, id=f"{self.future_number()}-0")
        else:
            self.client.xadd(self.unnumbered, entry)


@pytest.fixture(scope="module")
def cluster_world(cluster: Cluster) -> World:
    """The demo users, who make their requests at the first process."""
    return World.at(cluster.servers[0].url)


@pytest.fixture
def intruder(cluster: Cluster, cluster_world: World) -> Iterator[Intruder]:
    """There is something in both streams: what earlier tests have forged is gone."""
    ok(Api(cluster.servers[0].url).get("/ws/health"))
    with redis.Redis.from_url(cluster.redis.url, decode_responses=True, encoding_errors="replace") as client:
        wait_until(lambda: client.keys("realtime:*:unnumbered"))
        [unnumbered] = client.keys("realtime:*:unnumbered")
        numbered = unnumbered.replace("unnumbered", "numbered")
        found = Intruder(client, numbered, unnumbered, cluster_world.notification)
        found.settle()
        yield found


@pytest.fixture
def sockets(cluster: Cluster, cluster_world: World, js: JsPeer) -> list[JsClient]:
    """A socket of alice at each process, that hears her notifications and the conversation."""
    alice = cluster_world.alice
    found = [js.connect(server.url, auth={"token": alice.token}) for server in cluster.servers]
    for socket in found:
        assert socket.emit("join-notifications", alice.user["id"])["ok"]
        assert socket.emit("join-chat", cluster_world.conversation)["ok"]
    return found


def envelopes(world: World) -> list[Envelope]:
    """What an intruder would like to be heard and done."""
    alice = world.alice.user["id"]
    part = str(world.alice.token).split(".")[1]
    login = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["login"]
    note = {"user_id": alice, "type": "note", "title": "forged", "message": "-", "data": None}
    return [
        NewNotification(**note, id="1", read=False, created_at=now()).envelope(),
        EndConnections(login_ids=(login,), code="token_revoked", message="forged").envelope(),
    ]


def refused(cluster: Cluster, kind: str = "forged") -> list[int]:
    """How many entries each process has refused."""
    counts = []
    for server in cluster.servers:
        text = Api(server.url).get("/metrics").body.decode()
        found = re.search(rf'^realtime_broker_faults_total\{{kind="{kind}"\}} (\S+)$', text, re.MULTILINE)
        assert found
        counts.append(int(float(found[1])))
    return counts


def assert_honest_events_go_on(cluster: Cluster, world: World, sockets: list[JsClient]) -> None:
    """An event without a number and one with a number go through; what was added before has been read by then."""
    for server in cluster.servers:
        assert ok(Api(server.url).get("/ws/health"))["status"] == "ok"
    form = {"userId": world.alice.user["id"], "type": "note", "title": "honest", "message": "-"}
    id = ok(world.alice.post("/api/notifications", form))["id"]
    for socket in sockets:
        socket.wait_for("new-notification", where=lambda payload: payload.get("id") == id, timeout=10)


# --- entries that no process wrote

Forge = Callable[[Envelope, Entry], Entry]
"""Makes an entry of an envelope, and of an entry that a process wrote."""

FORGERIES: dict[str, Forge] = {
    "unsigned": lambda envelope, _: {"text": Seal(b"").close(envelope)["text"]},
    "with an empty signature": lambda envelope, _: Seal(b"").close(envelope) | {"signature": ""},
    "signed with another key": lambda envelope, _: Seal(b"another key").close(envelope),
    "signed with no key": lambda envelope, _: Seal(b"").close(envelope),
    "with the signature of another entry": lambda envelope, genuine: (
        genuine | {"text": Seal(b"").close(envelope)["text"]}
    ),
    "with other fields": lambda envelope, _: {"event": envelope.event, "payload": envelope.payload},
    "that is no JSON": lambda _, genuine: genuine | {"text": "]["},
    "that is no UTF-8": lambda _, genuine: genuine | {"text": b"\xff\xfe"},
    "with a signature that is no UTF-8": lambda envelope, _: Seal(b"").close(envelope) | {"signature": b"\xff" * 64},
    "with a name that is no UTF-8": lambda _, genuine: genuine | {b"\xff": "x", "text": "[]"},
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_an_entry_that_no_process_wrote_is_ignored_and_counted(
    forgery: str, cluster: Cluster, cluster_world: World, intruder: Intruder, sockets: list[JsClient]
) -> None:
    before = refused(cluster)
    genuine = intruder.entries[-1][1]
    wanted = envelopes(cluster_world)
    for envelope in wanted:
        intruder.add(FORGERIES[forgery](envelope, genuine), numbered=False)
        intruder.add(FORGERIES[forgery](envelope, genuine), numbered=True)
    assert_honest_events_go_on(cluster, cluster_world, sockets)
    for count, earlier in zip(refused(cluster), before, strict=True):
        assert count >= earlier + len(wanted)
    for socket in sockets:
        assert "forged" not in {heard.args[0]["title"] for heard in socket.heard("new-notification")}
        assert socket.heard("error") == []
        assert len(socket.connections) == 1


def test_an_entry_that_was_heard_is_not_heard_again(
    cluster: Cluster, cluster_world: World, intruder: Intruder, sockets: list[JsClient], js: JsPeer
) -> None:
    bob = js.connect(cluster.servers[0].url, auth={"token": cluster_world.bob.token})
    chat = {"conversationId": cluster_world.conversation}
    assert bob.emit("join-chat", chat["conversationId"])["ok"]
    seen = len(intruder.entries)
    for command, typing in (("typing-start", True), ("typing-stop", False)):
        assert bob.emit(command, chat)["ok"]
        for socket in sockets:
            assert socket.wait_for("user-typing")[0]["typing"] is typing
    before = refused(cluster, "repeated")
    copied = [entry for _, entry in intruder.entries[seen:]]
    assert len(copied) >= 2
    for entry in copied:
        intruder.add(entry, numbered=False)
    assert_honest_events_go_on(cluster, cluster_world, sockets)
    for socket in sockets:
        assert len(socket.heard("user-typing")) == 2
    assert refused(cluster, "repeated") == [earlier + len(copied) for earlier in before]


def test_an_entry_is_good_in_its_own_place_alone(
    cluster: Cluster, cluster_world: World, intruder: Intruder, sockets: list[JsClient]
) -> None:
    """Under another number, without one, or with one that it never had."""
    intruder.settle()
    [(place, durable)] = intruder.client.xrevrange(intruder.numbered, count=1)
    ephemeral = intruder.entries[-1][1]
    before = refused(cluster)
    intruder.add(durable, numbered=False)
    intruder.add(durable | {"turn": place.partition("-")[0]}, numbered=False)
    intruder.add(ephemeral, numbered=True)
    intruder.add(durable, numbered=True)
    assert_honest_events_go_on(cluster, cluster_world, sockets)
    for socket in sockets:
        heard = [heard.args[0]["id"] for heard in socket.heard("new-notification")]
        assert len(set(heard)) == len(heard)
    for count, earlier in zip(refused(cluster), before, strict=True):
        assert count >= earlier + 4


# --- another environment at the same Redis

ENVIRONMENTS = {
    "with another secret": {"secret_key": "of another environment, 0123456789"},
    "of production": {"app_env": "production", "jwt_secret_key": "0123456789abcdefghijklmnopqrstuvwxyz"},
    "with another database": {"database_url": "postgresql://127.0.0.1/another"},
}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_entry_of_another_environment_is_ignored_and_counted(
    environment: str, cluster: Cluster, cluster_world: World, intruder: Intruder, sockets: list[JsClient]
) -> None:
    secret = (Path(cluster.env["INSTANCE_PATH"]) / "secret_key").read_text()
    own = {"secret_key": secret, "database_url": cluster.database}
    strange = Seal(Settings(**own | ENVIRONMENTS[environment]).broker_key)  # type: ignore[arg-type]
    assert Seal(Settings(**own).broker_key).fingerprint in intruder.numbered  # type: ignore[arg-type]
    before = refused(cluster)
    for envelope in envelopes(cluster_world):
        intruder.add(strange.close(envelope), numbered=False)
    assert_honest_events_go_on(cluster, cluster_world, sockets)
    for count, earlier in zip(refused(cluster), before, strict=True):
        assert count >= earlier + 2
    for socket in sockets:
        assert "forged" not in {heard.args[0]["title"] for heard in socket.heard("new-notification")}
        assert len(socket.connections) == 1


# --- pickles


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._file,)


def test_the_bomb_of_these_tests_goes_off(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Bomb(tmp_path / "touched")))  # noqa: S301 - the danger that this is about
    assert (tmp_path / "touched").exists()


def test_a_pickle_in_redis_is_not_unpickled(
    tmp_path: Path, cluster: Cluster, cluster_world: World, intruder: Intruder, sockets: list[JsClient]
) -> None:
    bomb = pickle.dumps(Bomb(tmp_path / "touched"))
    for numbered in (True, False):
        intruder.add({"text": bomb, "signature": bomb, "data": bomb}, numbered=numbered)
    assert_honest_events_go_on(cluster, cluster_world, sockets)
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("channel", ["flask-socketio", "socketio"])
def test_nobody_listens_where_flask_socketio_would_unpickle(intruder: Intruder, channel: str) -> None:
    assert intruder.client.publish(channel, pickle.dumps(None)) == 0


def test_nothing_of_ours_reads_code_from_data() -> None:
    sources = [*(ROOT / "app").rglob("*.py"), *ROOT.glob("*.py"), *(ROOT / "migrations").rglob("*.py")]
    assert len(sources) > 100
    found = {(str(path.relative_to(ROOT)), name) for path in sources for name in _imported(path) if name in READ_CODE}
    assert found == set()


READ_CODE = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "jsonpickle", "marshal", "shelve"}


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import():
                yield from (alias.name.partition(".")[0] for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                yield module.partition(".")[0]
