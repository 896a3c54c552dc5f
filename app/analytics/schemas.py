"""What the analytics routes take and answer."""

from datetime import timedelta
from typing import Literal

from pydantic import Field, RootModel, ValidationInfo, field_validator

from app.analytics.window import DEFAULT_LENGTH, LONGEST, Window, recent
from app.core.clock import Timestamp
from app.core.errors import ValidationFailed
from app.core.schema import Id, Schema
from app.events.analytics import Efficiency, Productivity, Quality


class WindowQuery(Schema):
    """Whose metric, and over which time; if not given: one's own, and the last 30 days (before ``to``)."""

    user_id: Id | None = None
    from_: Timestamp | None = Field(None, alias="from")
    to: Timestamp | None = None

    def window(self) -> Window:
        """The time that was asked for.

        Raises:
            ValidationFailed: it does not end after it begins, or is longer than 366 days.
        """
        end = self.to or recent().end
        try:
            start = self.from_ or end - DEFAULT_LENGTH
        except OverflowError as error:
            raise ValidationFailed("The request is not valid.", {"to": "must lie 30 days after the year 1"}) from error
        if not timedelta(0) < end - start <= LONGEST:
            raise ValidationFailed("The request is not valid.", {"from": "must lie before to, by 366 days at most"})
        return Window(start, end)


class MetricQuery(WindowQuery):
    """``team_id`` instead of ``user_id``: of each member of the team."""

    team_id: Id | None = None

    @field_validator("team_id")
    @classmethod
    def _instead_of_a_user(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("user_id") is not None:
            raise ValueError("can't be given together with userId")
        return value


class HistoryQuery(WindowQuery):
    """``bucket``: the length of each item. A day is 24 hours, counted from ``from``; the last ends at ``to``."""

    bucket: Literal["day"] = "day"


class Recalculate(Schema):
    """Whose metric to compute anew; if not given: one's own."""

    user_id: Id | None = None


class TeamMetric(Schema):
    """A metric of each member of a team."""

    team_id: str
    from_: Timestamp = Field(alias="from")
    to: Timestamp
    members: list[Productivity | Efficiency | Quality]


class UserMetric(RootModel[Productivity | Efficiency | Quality]):
    """A metric of one user."""


class AnyMetric(RootModel[Productivity | Efficiency | Quality | TeamMetric]):
    """A metric of one user, or of each member of a team."""


class History(Schema):
    """A metric over time, the oldest first."""

    items: list[Productivity | Efficiency | Quality]
