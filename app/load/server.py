"""What the server says of itself meanwhile, by ``/metrics``: of the process that answers."""

import asyncio
import urllib.error
import urllib.request
from time import monotonic

from prometheus_client.parser import text_string_to_metric_families

from app.load.outcome import Moment

EVERY = 1.0  # seconds
NAMES = {
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
    "realtime_hub_lag_seconds_sum",
    "realtime_hub_lag_seconds_count",
}


async def watch(url: str, token: str, moments: list[Moment]) -> None:
    """Add a moment a second, until it is cancelled; a server that keeps its metrics to itself adds none."""
    began, last = monotonic(), None
    while True:
        now = monotonic()
        values = await asyncio.to_thread(_scrape, url, token)
        if values and last:
            before_at, before = last
            growth = {name: values[name] - before[name] for name in NAMES}
            timers = growth["realtime_hub_lag_seconds_count"] or 1
            moments.append(
                Moment(
                    second=now - began,
                    memory=values["process_resident_memory_bytes"] / 1e6,
                    cpu=growth["process_cpu_seconds_total"] / (now - before_at),
                    hub_lag=1000 * growth["realtime_hub_lag_seconds_sum"] / timers,
                )
            )
        last = (now, values) if values else None
        await asyncio.sleep(max(0.0, EVERY - (monotonic() - now)))


def _scrape(url: str, token: str) -> dict[str, float]:
    request = urllib.request.Request(f"{url}/metrics", headers={"Authorization": f"Bearer {token}"} if token else {})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=EVERY) as answer:  # noqa: S310 - the address is the operator's
            text = answer.read().decode()
    except (urllib.error.URLError, TimeoutError, OSError):
        return {}
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    found = {sample.name: sample.value for sample in samples if sample.name in NAMES}
    return found if len(found) == len(NAMES) else {}
