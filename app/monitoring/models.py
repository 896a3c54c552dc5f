"""What the processes looked like in the last hour, and what was wrong."""

from datetime import datetime

from sqlalchemy import Float, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.choice import Choice
from app.core.clock import UtcDateTime
from app.core.ids import new_id
from app.events.monitoring import AlertLevel
from app.extensions import Model


class ProcessSample(Model):
    """One process at one moment; ``figures`` is a :class:`app.monitoring.schemas.Sample` as JSON."""

    __tablename__ = "process_samples"

    at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    process: Mapped[str] = mapped_column(String(32), primary_key=True)
    figures: Mapped[str] = mapped_column(Text)


class Alert(Model):
    """Something that was, or is, wrong with a process."""

    __tablename__ = "alerts"
    __table_args__ = (Index("ix_alerts_since", "since"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    process: Mapped[str] = mapped_column(String(32))
    code: Mapped[str] = mapped_column(String(32))
    level: Mapped[AlertLevel] = mapped_column(Choice(AlertLevel))
    message: Mapped[str] = mapped_column(Text)
    value: Mapped[float] = mapped_column(Float)
    threshold: Mapped[float] = mapped_column(Float)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
