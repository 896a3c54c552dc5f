"""``/metrics``: who may read it, and what it says."""

import hmac
from ipaddress import ip_address

from flask import Flask, current_app, request
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from app.config import Settings, current_settings
from app.core import metrics
from app.core.errors import Forbidden, Unauthenticated
from app.monitoring.collector import StateCollector

CONTENT_TYPE = CONTENT_TYPE_LATEST


def state_of(app: Flask) -> CollectorRegistry:
    """The metrics that are looked up when somebody asks: of the engine of ``app``, and of the process."""
    registry = CollectorRegistry()
    registry.register(StateCollector(app))
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    return registry


def exposition() -> bytes:
    """All metrics of this process, in Prometheus' text format."""
    return generate_latest(metrics.REGISTRY) + generate_latest(current_app.extensions["metrics"])


def check_reader() -> None:
    """Let those read it who bring ``METRICS_TOKEN`` or, where there is none, are on this machine; in development all.

    Raises:
        Unauthenticated: another token, or none.
        Forbidden: there is no token to bring, and the caller is on another machine.
    """
    settings = current_settings()
    if settings.metrics_token:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), settings.metrics_token.encode()):
            raise Unauthenticated("Send METRICS_TOKEN: Authorization: Bearer <token>.")
    elif settings.production and not (_is_local(request.remote_addr) and _came_directly(settings)):
        raise Forbidden("Metrics are for this machine alone; set METRICS_TOKEN to read them from another one.")


def _is_local(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:  # a socket in the file system has no address
        return False


def _came_directly(settings: Settings) -> bool:
    """Whether the address is the caller's: with a proxy that is not trusted to name it, it is the proxy's."""
    return settings.trusted_proxies > 0 or "X-Forwarded-For" not in request.headers
