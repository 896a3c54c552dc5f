"""the index of what waits for its number

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

from migrations import indexes

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    indexes.build("ix_events_waiting", "events", ["id"], where=sa.text("seq IS NULL"))


def downgrade() -> None:
    op.drop_index("ix_events_waiting", table_name="events")
