"""Users, their roles, teams and departments."""
