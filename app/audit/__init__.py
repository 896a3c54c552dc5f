"""The audit trail: who did what to accounts, logins, memberships and others' data."""
