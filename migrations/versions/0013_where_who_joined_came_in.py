"""where who joined a conversation came in

Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op

from migrations import indexes

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Until now the times said so, and for who takes part already they still do: the last message from before. Who joined
# before the first has none, which only all the messages would tell.
FIND_BY_TIME = sa.text("""
    UPDATE participants
    SET joined_behind = (
        SELECT messages.id FROM messages
        WHERE messages.conversation_id = participants.conversation_id AND messages.created_at < participants.joined_at
        ORDER BY messages.id DESC
        LIMIT 1
    )
    WHERE joined_at > (
        SELECT messages.created_at FROM messages
        WHERE messages.conversation_id = participants.conversation_id
        ORDER BY messages.id
        LIMIT 1
    )
""")


def upgrade() -> None:
    column = sa.Column("joined_behind", sa.String(36), nullable=False, server_default="")
    if indexes.on_postgresql():
        with op.get_context().autocommit_block():  # nobody can read the table until that is committed
            op.add_column("participants", column, if_not_exists=True)  # it may have been interrupted behind that
    else:
        op.add_column("participants", column)
    op.execute(FIND_BY_TIME)


def downgrade() -> None:
    op.drop_column("participants", "joined_behind")
