"""HTTP requests, counted by route: what an address matched, never the address itself."""

from time import perf_counter

from flask import Flask, Response, g, request

from app.core import metrics

NO_ROUTE = "none"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def register_http_metrics(app: Flask) -> None:
    """Measure each request that reaches a route, and each that finds none. Socket.IO's own are not among them."""
    app.before_request(_begin)
    app.after_request(_finish)


def _begin() -> None:
    g.began_at = perf_counter()


def _finish(response: Response) -> Response:
    """A stream's time is that until it began; what is refused before all else takes none."""
    route = request.url_rule.rule if request.url_rule is not None else NO_ROUTE
    method = request.method if request.method in METHODS else "other"
    metrics.HTTP_REQUESTS.labels(method, route, str(response.status_code)).inc()
    if "began_at" in g:
        metrics.HTTP_SECONDS.labels(method, route).observe(perf_counter() - g.began_at)
    return response
