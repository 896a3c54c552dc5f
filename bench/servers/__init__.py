"""The servers that the engine is measured against, and what all of them agree upon."""

SECRET = "the-bench-signs-its-tokens-with-this"  # noqa: S105 - of servers that live for minutes, on loopback
EVENT = "tick"
PAYLOAD = 300  # bytes
TASKS = 8  # in a payload that is worth compressing: 2 KB
LEAD = 0.1  # seconds from the order to emit until the server begins: the request is over by then, and not measured
