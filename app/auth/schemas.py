"""What the auth routes take and answer."""

from contextlib import suppress
from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field

from app.core.clock import Timestamp
from app.core.schema import Schema
from app.people.schemas import Account, Name


def _normalized(address: str) -> str:
    """Nothing is looked up, and names for tests (RFC 2606) are as good as any."""
    try:
        return validate_email(address, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error


def stored_email(address: str) -> str:
    """``address`` as an account has it, whichever way it is written; what is no address, as no account has it."""
    with suppress(ValueError):
        return _normalized(address)
    return address


Email = Annotated[str, Field(max_length=254, json_schema_extra={"format": "email"}), AfterValidator(_normalized)]
Password = Annotated[str, Field(min_length=8, max_length=256)]


class Register(Schema):
    """A new account."""

    email: Email
    password: Password
    name: Name


class LogIn(Schema):
    """What one logs in with."""

    email: Annotated[str, Field(max_length=254), AfterValidator(stored_email)]
    password: Annotated[str, Field(max_length=256)]


class NewPassword(Schema):
    """What a password shall be."""

    password: Password


class ChangePassword(Schema):
    """One's password, and what it shall be."""

    current: Annotated[str, Field(max_length=256)]
    new: Password


class AccessToken(Schema):
    """A token for requests and sockets."""

    access_token: str


class LoginView(Schema):
    """One of one's logins; ``connected``: a socket of it is. ``current``: it is the one that asks."""

    id: str
    created_at: Timestamp
    expires_at: Timestamp
    connected: bool
    current: bool


class Logins(Schema):
    """One's logins, the newest first."""

    items: list[LoginView]


class LoggedIn(AccessToken):
    """The user, and the tokens of this login."""

    user: Account
    refresh_token: str
