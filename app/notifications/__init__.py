"""Notifications: short messages to one user, made by people and by what happens to tasks."""
