"""what the metrics count by

Revision: 0009, after 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_tasks_assignee_id_completed_at_created_at", "tasks", ["assignee_id", "completed_at", "created_at"]
    )
    op.create_index("ix_tasks_assignee_id_created_at", "tasks", ["assignee_id", "created_at"])
    op.create_index("ix_tasks_assignee_id_first_completed_at", "tasks", ["assignee_id", "first_completed_at"])
    op.drop_index("ix_tasks_assignee_id_completed_at", table_name="tasks")


def downgrade() -> None:
    op.create_index("ix_tasks_assignee_id_completed_at", "tasks", ["assignee_id", "completed_at"])
    op.drop_index("ix_tasks_assignee_id_first_completed_at", table_name="tasks")
    op.drop_index("ix_tasks_assignee_id_created_at", table_name="tasks")
    op.drop_index("ix_tasks_assignee_id_completed_at_created_at", table_name="tasks")
