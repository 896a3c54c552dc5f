"""Every route does what ``/swagger.json`` says: of data that fits the document, and of data that does not.

Schemathesis makes the data; what no schema can say it learns from :mod:`tests.security.contract_hooks`. Of ``/ws/…`` it
asks for the descriptor, since it sends no ``Accept: text/event-stream``.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Scale
from tests.support.server import ROOT, Server

UNLIMITED = {
    "LOGINS_PER_MINUTE": "1000000000",
    "REQUESTS_PER_MINUTE": "1000000000",
    "WRONG_PASSWORDS": "1000000000",
    "JWT_ACCESS_MINUTES": "600",
}
SECONDS = 1500


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One of its own: what is sent here stays in its database."""
    with Server(tmp_path_factory.mktemp("contract"), UNLIMITED) as running:
        yield running


def test_every_route_does_what_its_document_says(server: Server, tmp_path: Path, scale: Scale) -> None:
    examples = scale(0, 100)  # of whatever comes to mind, beside the bounds of each field, one by one
    options = {
        "--phases": "coverage,fuzzing" if examples else "coverage",
        "--max-examples": str(examples or 1),
        "--generation-allow-x00": "false",  # no body and no query holds U+0000: app/core/json.py says why
        "--generation-with-security-parameters": "false",  # the hooks log in
        "--request-timeout": "20",
    }
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{server.url}/swagger.json",
        "--continue-on-failure",
        "--no-color",
        *([] if examples else ["--generation-deterministic"]),
        *(word for option in options.items() for word in option),
    ]
    env = server.env | {
        "SERVER": server.url,
        "SCHEMATHESIS_HOOKS": "tests.security.contract_hooks",
        "PYTHONPATH": str(ROOT),
    }
    tried = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)
    told = f"{tried.stdout}\n{tried.stderr}"
    assert tried.returncode == 0, told
    assert re.search(r"Selected: (\d+)/\1\n +Tested: \1\n", told), told
    for gap in ("Authentication failed", "Missing test data"):
        assert gap not in told, told
    assert "Traceback" not in server.log()
