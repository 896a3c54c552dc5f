"""what the metrics count by

Revision: 0009, after 0008
"""

from migrations import indexes

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


COLUMNS = (
    ("assignee_id", "completed_at", "created_at"),
    ("assignee_id", "created_at"),
    ("assignee_id", "first_completed_at"),
)


def upgrade() -> None:
    for columns in COLUMNS:
        indexes.build(f"ix_tasks_{'_'.join(columns)}", "tasks", list(columns))
    indexes.drop("ix_tasks_assignee_id_completed_at", "tasks")


def downgrade() -> None:
    indexes.build("ix_tasks_assignee_id_completed_at", "tasks", ["assignee_id", "completed_at"])
    for columns in reversed(COLUMNS):
        indexes.drop(f"ix_tasks_{'_'.join(columns)}", "tasks")
