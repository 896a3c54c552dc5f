"""Logins; every token belongs to one, and dies with it."""

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, String, and_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.clock import UtcDateTime, now
from app.core.ids import new_id
from app.extensions import Model
from app.people.models import User


class Login(Model):
    """One login of a user on one device, until it is revoked or its refresh token expires."""

    __tablename__ = "logins"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship()

    @hybrid_property
    def lives(self) -> bool:
        """It was neither revoked, nor has it expired; in a query, the condition that says so."""
        return self.revoked_at is None and self.expires_at > now()

    @lives.inplace.expression
    @classmethod
    def _lives(cls) -> ColumnElement[bool]:
        return and_(cls.revoked_at.is_(None), cls.expires_at > now())
