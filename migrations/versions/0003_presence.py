"""the device of a session, and who is connected by owner

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("socket_sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("device", sa.String(length=64), nullable=False, server_default=""))
        batch_op.create_index(batch_op.f("ix_socket_sessions_owner"), ["owner"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("socket_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_socket_sessions_owner"))
        batch_op.drop_column("device")
