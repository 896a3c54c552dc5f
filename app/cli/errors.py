"""What goes wrong in a command, in words instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from click import ClickException
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from app.core.cause import operated
from app.core.errors import AppError


@contextmanager
def explained() -> Iterator[None]:
    """End the command with exit code 1 and a message, when it can't do what it should or the database can't be used.

    What it does is done by who runs it, and caused by it under a new id.
    """
    try:
        with operated():
            yield
    except AppError as error:
        raise ClickException(error.message) from error
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()]
        raise ClickException("\n".join(wrong)) from error
    except DBAPIError as error:
        raise ClickException(f"The database can't be used; was it migrated?\n{error.orig}") from error
