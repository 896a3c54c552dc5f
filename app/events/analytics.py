"""Events of the channel ``analytics``: all go to ``analytics-<userId>``. docs/analytics.md gives every formula."""

from typing import ClassVar

from pydantic import Field

from app.core.clock import Timestamp
from app.core.schema import Schema
from app.events.base import Channel, Conflation, Event
from app.events.rooms import RoomKind


class OfUser(Schema):
    """Whose a metric is."""

    user_id: str


class ProductivityValues(Schema):
    """How much got done between two times. Rates and the score are 0 to 1 and 0 to 100; None: no data."""

    from_: Timestamp = Field(alias="from")
    to: Timestamp
    assigned: int
    completed: int
    active: int
    completion_rate: float | None
    throughput_per_day: float
    score: float | None


class EfficiencyValues(Schema):
    """How smoothly the completed tasks went. None: no data."""

    from_: Timestamp = Field(alias="from")
    to: Timestamp
    on_time_rate: float | None
    avg_cycle_hours: float | None
    estimate_accuracy: float | None
    score: float | None


class QualityValues(Schema):
    """How good the completed tasks were. None: no data."""

    from_: Timestamp = Field(alias="from")
    to: Timestamp
    reopen_rate: float | None
    avg_rating: float | None
    rated_tasks: int
    score: float | None


class Productivity(ProductivityValues, OfUser):
    """How much a user got done between two times. Rates and the score are 0 to 1 and 0 to 100; None: no data."""


class Efficiency(EfficiencyValues, OfUser):
    """How smoothly a user's completed tasks went. None: no data."""


class Quality(QualityValues, OfUser):
    """How good a user's completed tasks were. None: no data."""


class AnalyticsEvent(Event):
    """An event about one user's metrics."""

    channel: ClassVar[Channel | None] = Channel.ANALYTICS
    conflation: ClassVar[Conflation | None] = Conflation(by=("user_id",), window=1.0)
    user_id: str

    def rooms(self) -> tuple[str, ...]:
        return (RoomKind.ANALYTICS.room(self.user_id),)


class ProductivityUpdated(Productivity, AnalyticsEvent):
    """A value of a user's productivity changed."""

    name: ClassVar[str] = "productivity-updated"


class EfficiencyUpdated(Efficiency, AnalyticsEvent):
    """A value of a user's efficiency changed."""

    name: ClassVar[str] = "efficiency-updated"


class QualityUpdated(Quality, AnalyticsEvent):
    """A value of a user's quality changed."""

    name: ClassVar[str] = "quality-updated"
