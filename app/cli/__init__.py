"""Commands for people who run the server."""
