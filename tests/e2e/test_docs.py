"""The commands of the guide to troubleshooting run, and show what it says that they show."""

import re
import subprocess

import pytest

from tests.support.server import ROOT, Server

GUIDE = (ROOT / "docs" / "troubleshooting.md").read_text()
BLOCKS = [
    re.sub(rf"^{indent}", "", block, flags=re.MULTILINE)
    for indent, block in re.findall(r"^( *)```bash\n(.*?)^ *```", GUIDE, re.DOTALL | re.MULTILINE)
]
LOGIN, *COMMANDS = BLOCKS
SHOWN = {
    "--app wsgi doctor": "migrations",
    "/health/ready": '"status":"ok"',
    'transport=polling"\n': '0{"sid":',
    "transport=websocket": "101",
    "Origin:": '{"code": 4, "message": "Forbidden"}',
    "/api/auth/me": "alice@example.com",
    "/api/events": '"gap":false',
    "text/event-stream": "event: new-notification",
    "/ws/health": '"status":"ok"',
    "--app wsgi events": "waiting",
    "realtime_(hub_lag": "realtime_hub_lag_seconds_sum",
    "realtime_http_request_seconds_sum": 'route="/api/auth/login"',
}
"""What each command prints, by a piece of it that no other command has."""


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.strip().partition("\n")[0][:60])
def test_the_command_shows_what_the_guide_says(command: str, server: Server) -> None:
    (expected,) = [shown for piece, shown in SHOWN.items() if piece in command]
    script = f"{LOGIN}\n{command}".replace("http://127.0.0.1:3000", server.url)
    done = subprocess.run(
        ["bash", "-euc", script], cwd=ROOT, env=server.env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout, (done.stdout, done.stderr)
