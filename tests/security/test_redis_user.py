"""The user of ``deploy/redis/users.acl`` may do what the processes need, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.support.api import Api
from tests.support.demo import GENEROUS
from tests.support.js_client import JsPeer
from tests.support.server import ROOT, Server
from tests.support.services import PostgreSQL, Redis

USERS = (ROOT / "deploy/redis/users.acl").read_text().splitlines()


@pytest.fixture(scope="module")
def guarded() -> Iterator[Redis]:
    """A Redis with these users, and with ``default`` as ever, so that the test can look."""
    with Redis() as running:
        with redis.Redis.from_url(running.url) as client:
            for line in USERS:
                _, name, *rules = line.split()
                if name != "default":
                    client.execute_command("ACL", "SETUSER", name, *rules)
        yield running


@pytest.fixture(scope="module")
def url(guarded: Redis) -> str:
    return guarded.url.replace("redis://", "redis://realtime:CHANGE-ME@")


def test_two_processes_need_no_more(
    guarded: Redis, url: str, postgresql: PostgreSQL, tmp_path: Path, js: JsPeer
) -> None:
    with postgresql.database() as database:
        env = GENEROUS | {"REDIS_URL": url, "DATABASE_URL": database, "INSTANCE_PATH": str(tmp_path)}
        folders = [tmp_path / name for name in ("here", "there")]
        for folder in folders:
            folder.mkdir()
        with Server(folders[0], env) as here, Server(folders[1], env) as there:
            alice = Api.as_demo_user(here.url, "alice")
            for password in ("wrong", "wrong"):
                Api(here.url).post("/api/auth/login", {"email": "bob@example.com", "password": password})
            bob = Api.as_demo_user(here.url, "bob")
            socket = js.connect(there.url, auth={"token": alice.token})
            assert socket.emit("join-notifications", alice.user["id"])["ok"]
            assert socket.emit("join-user", alice.user["id"])["ok"]
            note = {"userId": alice.user["id"], "type": "t", "title": "T", "message": "M"}
            assert alice.post("/api/notifications", note).status == 201
            socket.wait_for("new-notification")
            js.connect(here.url, auth={"token": bob.token})  # presence: an event that is not stored
            counted = [line for line in _metrics(here) if line.startswith("realtime_limits_counted_alone_total")]
            assert {line.split()[1] for line in counted} == {"0.0"}
            faults = [line for line in _metrics(here) + _metrics(there) if line.startswith("realtime_broker_faults")]
            assert {line.split()[1] for line in faults} == {"0.0"}
    with redis.Redis.from_url(guarded.url, decode_responses=True) as client:
        denied = {entry["object"] for entry in client.acl_log()}
    assert denied <= {"client|setinfo"}, "with that the library only says its name"


def _metrics(server: Server) -> list[str]:
    return Api(server.url).get("/metrics").body.decode().splitlines()


@pytest.mark.parametrize(
    "command",
    [
        ("FLUSHALL",),
        ("CONFIG", "GET", "*"),
        ("KEYS", "*"),
        ("GET", "realtime:x"),
        ("SET", "other", "x"),
        ("SUBSCRIBE", "x"),
        ("ACL", "LIST"),
        ("SHUTDOWN",),
    ],
    ids=" ".join,
)
def test_it_may_do_nothing_else(url: str, command: tuple[str, ...]) -> None:
    with redis.Redis.from_url(url) as client, pytest.raises(redis.exceptions.NoPermissionError):
        client.execute_command(*command)
