"""nginx without root, as `deploy/nginx.conf` sets it up, where the machine has one."""

import getpass
import os
import re
import shutil
import socket
from collections.abc import Sequence

from tests.support.server import ROOT, Server
from tests.support.services import Service

DEPLOYED = ROOT / "deploy"
KINDS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")  # of temporary files; their usual folders are root's


def installed() -> str | None:
    """The program; Debian keeps it off the PATH of ordinary users."""
    return shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"]))


class Nginx(Service):
    """In front of servers, on a port of its own."""

    def __init__(self, program: str, servers: Sequence[Server], port: int | None = None) -> None:
        """
        :param program: from `installed`
        :param servers: where it sends clients
        :param port: where it listens, unless any will do
        """
        super().__init__()
        self.port = port or self.port
        self.url = f"http://127.0.0.1:{self.port}"
        self._program = program
        (self._folder / "processes.conf").write_text(_processes(servers))
        (self._folder / "nginx.conf").write_text(_configuration(self.port))

    def _command(self) -> list[str]:
        directives = f"daemon off; pid nginx.pid; error_log stderr; user {getpass.getuser()};"
        folder = f"{self._folder}/"
        return [self._program, "-p", folder, "-c", f"{folder}nginx.conf", "-e", "stderr", "-g", directives]

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2):
                return True
        except OSError:
            return False


def _configuration(port: int) -> str:
    """The deployed one, but for where it listens and keeps temporary files."""
    deployed = (DEPLOYED / "nginx.conf").read_text()
    elsewhere = re.sub(r"listen \[::\]:80 .*;\n", "", deployed).replace("listen 80 ", f"listen 127.0.0.1:{port} ")
    assert f":{port}" in elsewhere, "deploy/nginx.conf listens differently"
    folders = "".join(f"    {kind}_temp_path {kind};\n" for kind in KINDS)
    return elsewhere.replace("http {\n", f"http {{\n{folders}", 1)


def _processes(servers: Sequence[Server]) -> str:
    """The deployed options, with the addresses of `servers`."""
    [options] = set(re.findall(r"^server \S+ (.*);$", (DEPLOYED / "processes.conf").read_text(), re.MULTILINE))
    return "".join(f"server 127.0.0.1:{server.port} {options};\n" for server in servers)
