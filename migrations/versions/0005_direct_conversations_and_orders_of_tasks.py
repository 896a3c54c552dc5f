"""direct conversations, what is unread, and the orders of tasks

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

from migrations import indexes

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Of several conversations of the same two without a title the oldest is theirs; ids sort by time.
MARK_THE_OLDEST = sa.text("""
    WITH pairs AS (
        SELECT conversations.id, min(user_id) || ':' || max(user_id) AS pair
        FROM conversations JOIN participants ON participants.conversation_id = conversations.id
        WHERE title IS NULL
        GROUP BY conversations.id
        HAVING count(*) = 2
    ), oldest AS (
        SELECT min(id) AS id, pair FROM pairs GROUP BY pair
    )
    UPDATE conversations
    SET direct_key = (SELECT pair FROM oldest WHERE oldest.id = conversations.id)
    WHERE id IN (SELECT id FROM oldest)
""")


def upgrade() -> None:
    indexes.build("ix_messages_kept", "messages", ["conversation_id", "id"], where=sa.text("deleted_at IS NULL"))
    for column in ("due_at", "priority", "updated_at"):
        indexes.build(f"ix_tasks_{column}_id", "tasks", [column, "id"])
    # One transaction, and so last: who writes to a conversation meanwhile waits, and finds the oldest marked.
    op.add_column("conversations", sa.Column("direct_key", sa.String(length=73), nullable=True))
    op.execute(MARK_THE_OLDEST)
    op.create_index("ix_conversations_direct_key", "conversations", ["direct_key"], unique=True)


def downgrade() -> None:
    for column in ("updated_at", "priority", "due_at"):
        op.drop_index(f"ix_tasks_{column}_id", table_name="tasks")
    op.drop_index("ix_messages_kept", table_name="messages")
    op.drop_index("ix_conversations_direct_key", table_name="conversations")
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.drop_column("direct_key")
