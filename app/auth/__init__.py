"""Logins: passwords, tokens, and who is calling."""
