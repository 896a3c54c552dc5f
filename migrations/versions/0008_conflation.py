"""how often an event may leave, and when it did

Revision: 0008, after 0007
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations import indexes

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "conflation_key": sa.String(length=255),
    "conflation_window": sa.Float(),
    "room_ceiling": sa.Integer(),
    "sent_at": sa.DateTime(timezone=True),
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("events", sa.Column(name, kind, nullable=True), if_not_exists=indexes.on_postgresql() or None)
    indexes.build("ix_events_sent_at", "events", ["sent_at"], where=sa.text("sent_at IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_events_sent_at", table_name="events")
    for name in reversed(COLUMNS):
        op.drop_column("events", name)
