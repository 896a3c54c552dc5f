"""The demo users of a started server, as fixtures, and the settings that leave them alone."""

from typing import Any

import pytest

from tests.support.api import Api

# Limits have tests of their own; elsewhere many tests share one server, one address and four users.
GENEROUS = {
    "LOGINS_PER_MINUTE": "10000",
    "REQUESTS_PER_MINUTE": "100000",
    "CONNECTIONS_PER_USER": "10000",
    "CONNECTIONS_PER_ADDRESS": "100000",
}

DEMO_USERS = ("admin", "manager", "alice", "bob")


def demo_user(name: str, *, of: str) -> Any:
    """A fixture: the demo user, logged in once a test process at the server that the fixture ``of`` starts."""

    @pytest.fixture(scope="session", name=name)
    def user(request: pytest.FixtureRequest) -> Api:
        return Api.as_demo_user(request.getfixturevalue(of).url, name)

    return user
