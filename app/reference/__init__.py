"""The documents that the application writes about itself."""

TITLE = "Real-time task manager"
VERSION = "1.0.0"
"""The version of the interface: routes, events and commands."""
