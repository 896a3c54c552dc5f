"""The product as it is deployed: with tables, secrets, and nobody in it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.server import PYTHON, ROOT, Server

PRODUCTION = {
    "APP_ENV": "production",
    "JWT_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
    "SECRET_KEY": "zyxwvutsrqponmlkjihgfedcba9876543210",
}


def migrated(path: Path) -> Path:
    """Make a database for production."""
    places = {"DATABASE_URL": f"sqlite:///{path}", "INSTANCE_PATH": str(path.parent)}
    env = {"PATH": os.environ["PATH"]} | places | PRODUCTION
    command = [str(Path(sys.executable).with_name("flask")), "--app", "wsgi", "db", "upgrade"]
    subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, timeout=60)
    return path


def production(
    folder: Path, database: Path, settings: Mapping[str, str] | None = None, command: tuple[str, ...] = PYTHON
) -> Server:
    """A server for production, on a copy of a database, not yet started."""
    server = Server(folder, PRODUCTION | dict(settings or {}), command)
    shutil.copy(database, server.database_path)
    return server
