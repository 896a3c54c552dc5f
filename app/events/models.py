"""The table that keeps what was published."""

from app.engine import event_table
from app.extensions import Model

events = event_table(Model.metadata)
