"""A client of the product that connects as it likes, packet by packet."""

import json
from typing import Any

from tests.security.engine.wire import WebSocket


def connect(ws: WebSocket, auth: object, namespace: str = "/") -> str:
    """Send CONNECT, and return the packet that answers it."""
    ws.send(f"40{namespace}," + json.dumps(auth))
    answer = ws.receive()
    assert isinstance(answer, str)
    return answer


def refusal(answer: str, namespace: str = "/") -> dict[str, Any]:
    """The ``data`` of a CONNECT_ERROR.

    :raises AssertionError: it is something else
    """
    prefix = "44" if namespace == "/" else f"44{namespace},"
    assert answer.startswith(prefix + "{"), answer
    told: dict[str, Any] = json.loads(answer.removeprefix(prefix))["data"]
    return told
