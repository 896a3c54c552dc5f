"""how often an event may leave, and when it did

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("conflation_key", sa.String(length=255), nullable=True))
    op.add_column("events", sa.Column("conflation_window", sa.Float(), nullable=True))
    op.add_column("events", sa.Column("room_ceiling", sa.Integer(), nullable=True))
    op.add_column("events", sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
    sent = sa.text("sent_at IS NOT NULL")
    op.create_index("ix_events_sent_at", "events", ["sent_at"], postgresql_where=sent, sqlite_where=sent)


def downgrade() -> None:
    op.drop_index("ix_events_sent_at", table_name="events")
    op.drop_column("events", "sent_at")
    op.drop_column("events", "room_ceiling")
    op.drop_column("events", "conflation_window")
    op.drop_column("events", "conflation_key")
