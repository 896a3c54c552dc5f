"""Redis: does it answer, is it new enough, and does it keep what it is given."""

from collections.abc import Iterator
from time import perf_counter
from typing import Any

from redis import Redis, RedisError

from app.cli.checks import Check, failed, ok, warning
from app.config import Settings

OLDEST = 5  # streams came with it
TIMEOUT = 2.0  # seconds


def redis(settings: Settings) -> Iterator[Check]:
    """Check the Redis of ``settings``, if they name one."""
    if not settings.redis_url:
        yield ok("Redis", "not set: one process")
        return
    client = Redis.from_url(
        settings.redis_url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, decode_responses=True
    )
    try:
        began = perf_counter()
        client.ping()
        milliseconds = (perf_counter() - began) * 1000
        info = client.info()
    except RedisError as error:
        yield failed("Redis", str(error), "start it, or correct REDIS_URL; until then events are a second or two late")
        return
    finally:
        client.close()
    yield _version(str(info["redis_version"]), milliseconds)
    yield _memory(info)


def _version(version: str, milliseconds: float) -> Check:
    found = f"{version}, answers in {milliseconds:.1f} ms"
    if int(version.partition(".")[0]) < OLDEST:
        return failed("Redis", found, f"it has no streams: use {OLDEST} or newer")
    return ok("Redis", found)


def _memory(info: dict[str, Any]) -> Check:
    policy, most, used = info.get("maxmemory_policy", "?"), int(info.get("maxmemory", 0)), int(info["used_memory"])
    found = f"{used / 1e6:.0f} MB{f' of {most / 1e6:.0f}' if most else ''}, {policy}"
    if most and policy.startswith("allkeys"):
        advice = "it may evict the streams, and events come a second late: CONFIG SET maxmemory-policy noeviction"
        return warning("Redis's memory", found, advice)
    return ok("Redis's memory", found)
