"""what caused an event

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("cause", sa.String(64), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("events", "cause")
