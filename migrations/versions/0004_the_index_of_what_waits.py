"""the index of what waits for its number

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    waiting = sa.text("seq IS NULL")
    op.create_index("ix_events_waiting", "events", ["id"], postgresql_where=waiting, sqlite_where=waiting)


def downgrade() -> None:
    op.drop_index("ix_events_waiting", table_name="events")
