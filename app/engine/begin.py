"""How the engine reaches the database: by functions that open transactions, which it is given."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import Connection

Begin = Callable[[], AbstractContextManager[Connection]]
"""Opens a transaction, and commits it when its block ends without an error."""
