"""What the analytics routes take and answer."""

from datetime import timedelta
from enum import StrEnum

from pydantic import Field, RootModel, ValidationInfo, field_validator

from app.analytics.window import DEFAULT_LENGTH, LONGEST, Window, recent
from app.core.clock import Timestamp, to_the_millisecond
from app.core.errors import ValidationFailed
from app.core.schema import Id, Schema
from app.events.analytics import (
    Efficiency,
    EfficiencyValues,
    Productivity,
    ProductivityValues,
    Quality,
    QualityValues,
)


class MetricQuery(Schema):
    """Whose metric, and over which time; if not given: one's own, and the last 30 days (before ``to``).

    ``team_id`` instead of ``user_id``: of a team.
    """

    user_id: Id | None = None
    from_: Timestamp | None = Field(None, alias="from")
    to: Timestamp | None = None
    team_id: Id | None = None

    @field_validator("team_id")
    @classmethod
    def _instead_of_a_user(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("user_id") is not None:
            raise ValueError("can't be given together with userId")
        return value

    def window(self) -> Window:
        """The time that was asked for, to the millisecond, as it is answered.

        Raises:
            ValidationFailed: it does not end after it begins, or is longer than 366 days.
        """
        end = to_the_millisecond(self.to) if self.to else recent().end
        try:
            start = to_the_millisecond(self.from_) if self.from_ else end - DEFAULT_LENGTH
        except OverflowError as error:
            raise ValidationFailed("The request is not valid.", {"to": "must lie 30 days after the year 1"}) from error
        if not timedelta(0) < end - start <= LONGEST:
            raise ValidationFailed("The request is not valid.", {"from": "must lie before to, by 366 days at most"})
        return Window(start, end)


class Bucket(StrEnum):
    """The length of the items of a history: 24 hours or seven times that, counted from ``from``."""

    DAY = "day"
    WEEK = "week"


class HistoryQuery(MetricQuery):
    """``bucket``: the length of each item, counted from ``from``; the last ends at ``to``."""

    bucket: Bucket = Bucket.DAY


class Recalculate(Schema):
    """Whose metric to compute anew; if not given: one's own."""

    user_id: Id | None = None


class OfTeam(Schema):
    """Whose a roll-up is."""

    team_id: str


class TeamProductivity(ProductivityValues, OfTeam):
    """How much all members of a team got done, computed from all of their tasks."""


class TeamEfficiency(EfficiencyValues, OfTeam):
    """How smoothly the completed tasks of all members of a team went."""


class TeamQuality(QualityValues, OfTeam):
    """How good the completed tasks of all members of a team were."""


UserValues = Productivity | Efficiency | Quality
TeamValues = TeamProductivity | TeamEfficiency | TeamQuality


class TeamMetric(Schema):
    """A metric of a team, rolled up and of each member."""

    team_id: str
    from_: Timestamp = Field(alias="from")
    to: Timestamp
    team: TeamValues
    members: list[UserValues]


class UserMetric(RootModel[UserValues]):
    """A metric of one user."""


class AnyMetric(RootModel[UserValues | TeamMetric]):
    """A metric of one user, or of a team."""


class History(Schema):
    """A metric over time, the oldest first."""

    items: list[UserValues | TeamValues]
