"""The settings, as far as they can be wrong and let the server start all the same."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from app.cli.checks import Check, ok, warning
from app.config import Settings

LOCAL = {"localhost", "127.0.0.1", "::1"}


def settings(settings: Settings) -> Iterator[Check]:
    """Check what ``settings`` say against each other. What is unsafe, production refuses at the start."""
    yield _environment(settings)
    if settings.production:
        yield _origins(settings)
    yield _proxies(settings)
    yield _pushes(settings)
    yield _metrics(settings)


def _environment(settings: Settings) -> Check:
    if settings.production:
        return ok("APP_ENV", "production")
    if settings.host in LOCAL:
        return ok("APP_ENV", "development, for this machine alone")
    return warning("APP_ENV", "development", "others can reach it: set APP_ENV=production and both secrets")


def _origins(settings: Settings) -> Check:
    found = ", ".join(settings.client_url)
    if {urlsplit(origin).hostname for origin in settings.client_url} <= LOCAL:
        return warning("CLIENT_URL", found, "set it to the origins of your front ends: theirs are refused")
    plain = [origin for origin in settings.client_url if origin.startswith("http:")]
    if plain:
        return warning("CLIENT_URL", found, "tokens go over these without TLS: use https")
    return ok("CLIENT_URL", found)


def _proxies(settings: Settings) -> Check:
    count = settings.trusted_proxies
    if settings.production and not count:
        advice = "right without a proxy; behind nginx set 1, else all clients count as one address"
        return warning("TRUSTED_PROXIES", "0", advice)
    return ok("TRUSTED_PROXIES", str(count))


def _pushes(settings: Settings) -> Check:
    if settings.vapid_private_key:
        return ok("VAPID_PRIVATE_KEY", "set")
    if settings.production:
        return warning("VAPID_PRIVATE_KEY", "not set: no Web Push", "flask --app wsgi push keys")
    return ok("VAPID_PRIVATE_KEY", "made for development")


def _metrics(settings: Settings) -> Check:
    if settings.metrics_token:
        return ok("METRICS_TOKEN", "set")
    return ok("METRICS_TOKEN", "not set: /metrics is for this machine alone" if settings.production else "not needed")
