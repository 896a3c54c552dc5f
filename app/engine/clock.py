"""The clock that processes share: of PostgreSQL the server's, of SQLite that of the one machine they are on."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, literal


def ago(connection: Connection, time: timedelta = timedelta()) -> ColumnElement[datetime]:
    """The moment ``time`` before the transaction of ``connection``, to be stored or compared there.

    A process whose own clock is wrong, or jumps, would else take what the others wrote for old.
    """
    if connection.dialect.name == "postgresql":
        return func.now() - time
    return literal(datetime.now(UTC) - time)
