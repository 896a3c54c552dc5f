"""The load test: real clients, real requests, and an audit of what each client heard."""
