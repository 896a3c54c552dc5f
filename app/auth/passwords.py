"""Passwords: argon2id (RFC 9106), computed in a thread of the pool, since one hash takes a tenth of a second."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from eventlet import tpool

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """The hash to store, with its salt and parameters."""
    hashed: str = tpool.execute(_hasher.hash, password)
    return hashed


def verify_password(stored: str | None, password: str) -> bool:
    """Whether ``password`` is the one that ``stored`` was made from.

    Without a stored hash (no such account) it takes as long and says no: time doesn't tell which accounts exist.
    """
    try:
        tpool.execute(_hasher.verify, stored or _hash_of_nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@cache
def _hash_of_nobody() -> str:
    return hash_password("nobody has this password")
