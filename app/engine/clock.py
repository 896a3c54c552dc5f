"""The clock that processes share: of PostgreSQL the server's, of SQLite that of the one machine they are on.

A process whose own clock is wrong, or jumps, would else take what the others wrote for old.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, literal


def now(connection: Connection) -> ColumnElement[datetime]:
    """The moment when the transaction of ``connection`` began, to be stored or compared there."""
    return ago(connection, timedelta())


def ago(connection: Connection, time: timedelta) -> ColumnElement[datetime]:
    """The moment ``time`` before that."""
    if connection.dialect.name == "postgresql":
        return func.now() - time
    return literal(datetime.now(UTC) - time)


def this_moment(connection: Connection) -> ColumnElement[datetime]:
    """The moment when the statement runs: the transaction may have begun, and waited, long before."""
    if connection.dialect.name == "postgresql":
        return func.clock_timestamp()
    return literal(datetime.now(UTC))


def unix(moment: datetime) -> float:
    """A moment that was read from the database, which on SQLite has no zone, in seconds since 1970."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
