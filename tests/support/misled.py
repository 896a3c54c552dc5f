"""The product, in whose DNS names lead wherever they say: `python -m tests.support.misled`.

A name below `leads-to.example.com` begins with the addresses that it has, in hexadecimal digits with a hyphen between:
`7f000001.leads-to.example.com` is 127.0.0.1. There is no real name that is sure to lead to a private address.
"""

from wsgi import app  # before anything else: it patches the standard library for eventlet

# isort: split
import socket
from ipaddress import ip_address
from typing import Any

from app.cli.serve import serve

DOMAIN = ".leads-to.example.com"

look_up = socket.getaddrinfo


def misled(host: Any, port: Any, *arguments: Any, **options: Any) -> list[Any]:
    """As `getaddrinfo`, which looks up what is an address already."""
    if not str(host).endswith(DOMAIN):
        return list(look_up(host, port, *arguments, **options))
    addresses = [str(ip_address(bytes.fromhex(part))) for part in host.removesuffix(DOMAIN).split("-")]
    return [found for address in addresses for found in look_up(address, port, *arguments, **options)]


if __name__ == "__main__":
    socket.getaddrinfo = misled
    serve(app)
