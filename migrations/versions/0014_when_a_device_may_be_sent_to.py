"""when a device may be sent to

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("push_subscriptions", sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("push_subscriptions", sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("push_subscriptions", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("push_subscriptions", "failures")
    op.drop_column("push_subscriptions", "rests_until")
    op.drop_column("push_subscriptions", "claimed_until")
