"""The metrics of a process, by name: each is declared here, with what it counts and the values that its labels have.

Labels are bounded: no id, address, room or word of a client is ever one. Gauges that can be looked up when somebody
asks are no metrics of their own: see :mod:`app.monitoring.collector`.
Names follow https://prometheus.io/docs/practices/naming/.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series beside each, that says when it began
REGISTRY = CollectorRegistry()

DELIVERY_BUCKETS = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
LAG_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5)
HTTP_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


# Series that are there from the start, at 0: a rate of one that appears with its first event misses that.
REASONS = ("client disconnect", "ping timeout", "server disconnect", "transport close", "transport error")
OUTCOMES = ("recovered", "unknown", "behind", "too_much")


def _counter(name: str, help: str, *labels: str) -> Counter:
    return Counter(f"realtime_{name}", help, labels, registry=REGISTRY)


def _histogram(name: str, help: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    return Histogram(f"realtime_{name}", help, labels, buckets=buckets, registry=REGISTRY)


# --- events

EVENTS = _counter("events", "Events of the catalogue that reached this process, by name", "event")
DELIVERIES = _counter("deliveries", "Events written to sockets of this process, by event: one for each socket", "event")
DELIVERY_SECONDS = _histogram(
    "delivery_seconds",
    "Seconds from the storing of a durable event to its being written to the sockets of this process; "
    "of those that conflation never holds",
    DELIVERY_BUCKETS,
)
HUB_LAG_SECONDS = _histogram(
    "hub_lag_seconds", "Seconds that a timer of the event loop was late, ten times a second", LAG_BUCKETS
)

# --- clients

CONNECTS = _counter("connects", "Sockets that connected, by namespace", "namespace")
DISCONNECTS = _counter("disconnects", "Sockets that are gone, by reason in the words of Socket.IO", "reason")
RECOVERIES = _counter(
    "recoveries",
    "Clients that came back with a session, by outcome: recovered, unknown, behind, too_much",
    "outcome",
)
SLOW_CONSUMERS = _counter("slow_consumers", "Clients that were dropped because they read too slowly")
COMMANDS = _counter(
    "commands", "Commands of sockets, by name and outcome: ok, or the code of the error", "command", "outcome"
)
JOINS_REFUSED = _counter(
    "joins_refused", "Joins that were refused, by kind of room and code of the error", "kind", "code"
)

# --- HTTP and logins

HTTP_SECONDS = _histogram(
    "http_request_seconds",
    "Seconds until an HTTP request was answered, by method and route",
    HTTP_BUCKETS,
    "method",
    "route",
)
HTTP_REQUESTS = _counter(
    "http_requests", "HTTP requests that were answered, by method, route and status", "method", "route", "status"
)
AUTH_FAILURES = _counter(
    "auth_failures", "Logins and tokens that were refused, by where (login, http, socket) and code", "where", "code"
)

LIMITS_COUNTED_ALONE = _counter(
    "limits_counted_alone",
    "Times that this process counted by itself what all count together, because Redis was away, by limit",
    "limit",
)

for _reason in REASONS:
    DISCONNECTS.labels(_reason)
for _outcome in OUTCOMES:
    RECOVERIES.labels(_outcome)
