"""Production does not start with settings that would let people in who don't belong there."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.server import GUNICORN, PYTHON, ROOT

STRONG = "0123456789abcdefghijklmnopqrstuvwxyz"
SHORT = STRONG[:31]
REFUSAL = "The configuration can't be used: "


def start(command: tuple[str, ...], folder: Path, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What comes of a start in production; in ``folder`` lie the secrets of a development server."""
    for name in ("secret_key", "jwt_secret_key"):
        (folder / name).write_text(STRONG)
    env = {
        "PATH": os.environ["PATH"],
        "APP_ENV": "production",
        "PORT": "0",
        "JWT_SECRET_KEY": STRONG,
        "SECRET_KEY": STRONG,
        "INSTANCE_PATH": str(folder),
    }
    return subprocess.run(
        command, cwd=ROOT, env=env | settings, capture_output=True, text=True, timeout=60, check=False
    )


def problems(stderr: str) -> set[str]:
    """What the one line that refuses to start says is wrong, without the advice behind each."""
    [line] = [line for line in stderr.splitlines() if line.startswith(REFUSAL)]
    return {problem.partition(": ")[0] for problem in line.removeprefix(REFUSAL).split("; ")}


@pytest.mark.parametrize(
    ("command", "settings", "told"),
    [
        pytest.param(
            PYTHON,
            {"JWT_SECRET_KEY": "", "SECRET_KEY": "changeme", "CLIENT_URL": "*"},
            {
                "JWT_SECRET_KEY is missing",
                "SECRET_KEY is weak, a well-known word",
                "CLIENT_URL is *, which would let every web site in",
            },
            id="python",
        ),
        pytest.param(
            GUNICORN,
            {"JWT_SECRET_KEY": SHORT, "SECRET_KEY": "", "JWT_PREVIOUS_SECRET_KEY": SHORT},
            {
                "JWT_SECRET_KEY is weak, shorter than 32 characters",
                "SECRET_KEY is missing",
                "JWT_PREVIOUS_SECRET_KEY is weak, shorter than 32 characters",
            },
            id="gunicorn",
        ),
        pytest.param(
            GUNICORN,
            {"CLIENT_URL": "https://tasks.example.com,*"},
            {"CLIENT_URL is *, which would let every web site in"},
            id="one of several origins is all",
            marks=pytest.mark.long,
        ),
    ],
)
def test_it_ends_with_an_error_that_names_each_unsafe_setting_and_tells_no_secret(
    command: tuple[str, ...], settings: dict[str, str], told: set[str], tmp_path: Path
) -> None:
    result = start(command, tmp_path, settings)
    assert result.returncode > 0
    assert problems(result.stderr) == told
    assert "Traceback" not in result.stderr
    assert SHORT not in result.stdout + result.stderr
