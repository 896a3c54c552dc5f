"""How many connections each address has."""

from collections import Counter
from ipaddress import AddressValueError, IPv6Address, IPv6Network

SUBNET = 64  # bits of an IPv6 address that say whose it is: the rest, each may choose (RFC 6177)


class Addresses:
    """Connections by the address that they came from.

    Args:
        most: that one address may have; None for as many as come, and then none is counted.
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._counts: Counter[str] = Counter()
        self._of: dict[str, str] = {}

    def is_full(self, address: str) -> bool:
        """Whether ``address`` may have no further connection."""
        return self._most is not None and self._counts[_whose(address)] >= self._most

    def enter(self, sid: str, address: str) -> None:
        """Count the connection ``sid``."""
        if self._most is not None:
            self._of[sid] = _whose(address)
            self._counts[self._of[sid]] += 1

    def leave(self, sid: str) -> None:
        """Count the connection ``sid`` no more."""
        whose = self._of.pop(sid, None)
        if whose is not None:
            self._counts[whose] -= 1
            if not self._counts[whose]:
                del self._counts[whose]


def _whose(address: str) -> str:
    """What all addresses of one owner have in common."""
    if ":" not in address:
        return address
    try:
        parsed = IPv6Address(address)
    except AddressValueError:
        return address
    return str(parsed.ipv4_mapped or IPv6Network((parsed, SUBNET), strict=False))
