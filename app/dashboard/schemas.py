"""What the pages send, as it is documented: :mod:`app.dashboard.forms` checks it; and what they are answered."""

from typing import Annotated

from pydantic import Field

from app.auth.schemas import AccessToken
from app.core.schema import Schema


class Page(Schema):
    """What each form holds: the token that came with the page."""

    csrf_token: Annotated[str, Field(alias="csrf_token")]


class Credentials(Page):
    """What one logs in with."""

    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
    password: Annotated[str, Field(min_length=1, max_length=256)]


class PageToken(AccessToken):
    """A token for requests and sockets, and for how many seconds it is good."""

    expires_in: float
