"""The demo users of a started server, as fixtures, and the settings that leave them alone."""

from inspect import Parameter, Signature
from typing import Any, Literal

import pytest

from tests.support.api import Api

# Limits have tests of their own; elsewhere many tests share one server, one address and four users.
GENEROUS = {
    "LOGINS_PER_MINUTE": "10000",
    "REQUESTS_PER_MINUTE": "100000",
    "CONNECTIONS_PER_USER": "10000",
    "CONNECTIONS_PER_ADDRESS": "100000",
    "JWT_ACCESS_MINUTES": "600",
}

DEMO_USERS = ("admin", "manager", "alice", "bob")


def demo_user(name: str, *, of: str, scope: Literal["session", "module"] = "session") -> Any:
    """A fixture: the demo user, logged in once a ``scope`` at the server that the fixture ``of`` starts."""

    def user(**fixtures: Any) -> Api:
        return Api.as_demo_user(fixtures[of].url, name)

    # As if it named that fixture itself: one that has parameters is made anew, and then so must this be.
    user.__signature__ = Signature([Parameter(of, Parameter.KEYWORD_ONLY)])  # type: ignore[attr-defined]
    return pytest.fixture(scope=scope, name=name)(user)
