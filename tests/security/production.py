"""The product as it is deployed: with tables, secrets, and nobody in it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.server import PYTHON, ROOT, Server

SECRETS = {
    "JWT_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
    "SECRET_KEY": "zyxwvutsrqponmlkjihgfedcba9876543210",
}


def migrated(path: Path) -> Path:
    """Make a database for production."""
    env = {"PATH": os.environ["PATH"], "APP_ENV": "production", "DATABASE_URL": f"sqlite:///{path}"} | SECRETS
    command = [str(Path(sys.executable).with_name("flask")), "--app", "wsgi", "db", "upgrade"]
    env["INSTANCE_PATH"] = str(path.parent)
    subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, timeout=60)
    return path


def production(
    folder: Path, database: Path, settings: Mapping[str, str] | None = None, command: tuple[str, ...] = PYTHON
) -> Server:
    """A server for production, on a copy of a database, not yet started."""
    server = Server(folder, {"APP_ENV": "production"} | SECRETS | dict(settings or {}), command)
    shutil.copy(database, server.database_path)
    return server
