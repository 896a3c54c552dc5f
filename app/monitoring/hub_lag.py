"""How late the event loop is: what holds it up holds up every client of the process."""

from time import monotonic

from eventlet import sleep

from app.core import metrics

EVERY = 0.1  # seconds


def measure_hub_lag() -> None:
    """Measure for as long as the process lives, by a timer that is due ten times a second."""
    while True:
        due = monotonic() + EVERY
        sleep(EVERY)
        metrics.HUB_LAG_SECONDS.observe(max(0.0, monotonic() - due))
