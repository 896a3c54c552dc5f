"""What the people routes take and answer."""

from typing import Annotated

from pydantic import RootModel

from app.core.clock import Timestamp
from app.core.schema import Change, Kept, Schema, text
from app.people.models import Role

Name = Annotated[str, text(100)]


class UserRef(Schema):
    """A user as everyone sees them."""

    id: str
    name: str


class Group(Schema):
    """A team or a department."""

    id: str
    name: str


class Account(UserRef):
    """A user as they and admins see them."""

    email: str
    role: Role
    active: bool
    teams: list[Group]
    department: Group | None
    created_at: Timestamp


class VisibleUser(RootModel[Account | UserRef]):
    """A user: everything of oneself, and for admins; else id and name."""


class Users(Schema):
    """A page of users."""

    items: list[Account | UserRef]
    next_cursor: str | None


class Groups(Schema):
    """A page of teams or departments."""

    items: list[Group]
    next_cursor: str | None


class NameGroup(Schema):
    """A new team or department."""

    name: Name


class ChangeUser(Change):
    """What an admin changes of a user; what is left out stays."""

    role: Kept[Role] = None
    active: Kept[bool] = None
