"""Conversations: their participants, messages, reactions, read marks, and who is typing."""
