"""Where a push may go: to push services in the internet, and never to what stands behind the server's own walls."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST_NAME = re.compile(rf"(?:{LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?", re.IGNORECASE)
LOCAL_NAMES = (".localhost", ".local", ".internal", ".arpa")  # RFC 6761, 6762, 8375, and what clouds use
LOOPBACK = ("localhost", "127.0.0.1")
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
UNICAST = IPv6Network("2000::/3")  # all that is global so far (RFC 4291, section 2.4)
RELAYS = IPv4Network("192.88.99.0/24")  # of 6to4 (RFC 7526)


def check_endpoint(url: str, *, loopback: bool) -> None:
    """Refuse what can be no push service's endpoint.

    A name may still lead inside: that shows when it is looked up, which is done at each sending (:func:`may_send_to`).

    Args:
        loopback: this machine is allowed, without TLS too.

    Raises:
        ValueError: why it is refused.
    """
    if re.search(r"[^\x21-\x7e]", url):
        raise ValueError("holds a character that no URL has")
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.port == 0 or "@" in parts.netloc or "#" in url:
        raise ValueError("takes no port 0, no user and no fragment")
    if loopback and host in LOOPBACK and parts.scheme in ("http", "https"):
        return
    if parts.scheme != "https":
        raise ValueError("must begin with https://")
    if not HOST_NAME.fullmatch(host) or host.endswith(LOCAL_NAMES):
        raise ValueError("must name the host of a push service in the internet")


def may_send_to(address: str, *, loopback: bool) -> bool:
    """Whether ``address``, which a host name led to, is one of the internet."""
    ip = ip_address(address)
    if loopback and ip.is_loopback:
        return True
    if isinstance(ip, IPv6Address):
        if ip.sixtofour or ip.teredo:
            return False
        ip = ip.ipv4_mapped or (IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else ip)
    if isinstance(ip, IPv6Address) and ip not in UNICAST:  # ::7f00:1 and 64:ff9b:1::/48 lead to IPv4, in their ways
        return False
    return ip.is_global and not ip.is_multicast and ip not in RELAYS
