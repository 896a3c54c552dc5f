"""What the tests of faults do to Redis and PostgreSQL really happens to them."""

from collections.abc import Iterator

import psycopg2
import pytest
import redis

from tests.support.services import PostgreSQL, Redis, Service


@pytest.fixture(params=[Redis, PostgreSQL])
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    with request.param() as running:
        yield running


def test_a_frozen_service_answers_nobody_until_it_is_thawed(service: Service) -> None:
    service.freeze()
    assert not service.answers()
    service.thaw()
    assert service.answers()


def test_a_killed_service_is_gone_until_it_is_started_again(service: Service) -> None:
    service.kill9()
    assert not service.answers()
    service.start()
    assert service.answers()


def test_redis_keeps_what_it_acknowledged_before_a_crash(redis_server: Redis) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("key", "value")
    redis_server.kill9()
    redis_server.start()
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.get("key") == b"value"


def test_postgresql_keeps_what_it_acknowledged_before_a_crash(postgresql: PostgreSQL) -> None:
    with postgresql.database() as url:
        execute(url, "CREATE TABLE kept AS SELECT 'value' AS key")
        postgresql.kill9()
        postgresql.start()
        assert execute(url, "SELECT key FROM kept") == "value"


def execute(url: str, statement: str) -> object:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return next(cursor)[0] if cursor.description else None
    finally:
        connection.close()
