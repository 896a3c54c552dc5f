"""The report as one HTML file: figures and plots, no script, nothing from elsewhere."""

from collections.abc import Sequence
from html import escape
from math import log10

from app.load.outcome import Outcome
from app.load.plan import Plan
from app.load.report import by, figures

WIDTH, HEIGHT, LEFT, BOTTOM = 640, 220, 64, 28
BARS = 30

STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --paper: #fff; --line: #d5dae2; --mark: #4353d8; }
@media (prefers-color-scheme: dark) { :root { --ink: #dde3ec; --paper: #12161d; --line: #343d4b; --mark: #8ea0ff; } }
body { margin: 0 auto; padding: 1rem; max-width: 70rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif; }
table { border-collapse: collapse; } td { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); }
figure { display: inline-block; margin: 1rem 1rem 0 0; width: min(100%, 40rem); vertical-align: top; }
svg { width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
.axis { stroke: var(--line); } .bar { fill: var(--mark); } .curve { stroke: var(--mark); stroke-width: 2; fill: none; }
.failed { color: #c62828; font-weight: 600; } .passed { color: #2e7d32; font-weight: 600; }
"""

Points = Sequence[tuple[float, float]]


def page(plan: Plan, outcome: Outcome, at: str) -> str:
    """The file.

    Args:
        plan: what was to be done.
        outcome: what came of it.
        at: when, as it is to be shown.
    """
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in figures(plan, outcome).items()
    )
    faults = outcome.faults(plan.bound)
    verdict = "".join(f'<p class="failed">Failed: {escape(fault)}</p>' for fault in faults) or (
        '<p class="passed">Passed: each event was heard once and in order by each client in its room.</p>'
    )
    connections = " and ".join(f"{count:,} connections by {transport}" for transport, count in plan.transports.items())
    asked = f"{connections}, {plan.rate:g} events a second, {plan.duration:g} s"
    plots = [
        _histogram(f"From the request to being heard{by(transport, plan)}, ms", outcome.latencies[transport])
        for transport in plan.transports
        if outcome.latencies[transport]
    ]
    plots.append(_curve("Deliveries a second", sorted(outcome.per_second.items())))
    if outcome.moments:
        plots.append(_curve("Server's memory, MB", [(moment.second, moment.memory) for moment in outcome.moments]))
        plots.append(_curve("Server's processor, % of a core", [(m.second, 100 * m.cpu) for m in outcome.moments]))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Load test</title><style>{STYLE}</style></head><body>"
        f"<h1>Load test of {escape(plan.url)}</h1><p>{escape(at)} · {asked}</p>{verdict}"
        f"<table>{rows}</table>{''.join(plots)}</body></html>\n"
    )


def _histogram(title: str, latencies: Sequence[float]) -> str:
    """Of seconds, in bars that are evenly wide on a logarithmic scale."""
    milliseconds = [1000 * latency for latency in latencies]
    low, high = log10(max(0.1, min(milliseconds))), log10(max(0.2, *milliseconds))
    step = (high - low) / BARS or 1.0
    counts = [0] * BARS
    for value in milliseconds:
        counts[min(BARS - 1, int((log10(max(0.1, value)) - low) / step))] += 1
    width, most = (WIDTH - LEFT) / BARS, max(counts)
    bars = "".join(
        f'<rect class="bar" x="{LEFT + i * width:.1f}" y="{_height(count, most):.1f}" width="{width - 1:.1f}" '
        f'height="{HEIGHT - BOTTOM - _height(count, most):.1f}"/>'
        for i, count in enumerate(counts)
    )
    labels = [(LEFT + i * width, f"{10 ** (low + i * step):.3g}") for i in range(0, BARS, 6)]
    return _figure(title, bars, labels, most)


def _curve(title: str, points: Points) -> str:
    if not points:
        return ""
    last, most = max(points[-1][0], 1), max(value for _, value in points) or 1
    at = [(LEFT + (WIDTH - LEFT) * second / last, _height(value, most)) for second, value in points]
    line = f'<polyline class="curve" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in at)}"/>'
    labels = [(LEFT + (WIDTH - LEFT) * share, f"{last * share:.0f} s") for share in (0, 0.25, 0.5, 0.75)]
    return _figure(title, line, labels, most)


def _height(value: float, most: float) -> float:
    return (HEIGHT - BOTTOM) - (HEIGHT - BOTTOM - 12) * value / (most or 1)


def _figure(title: str, marks: str, labels: Sequence[tuple[float, str]], most: float) -> str:
    ticks = "".join(f'<text x="{x:.0f}" y="{HEIGHT - 8}">{text}</text>' for x, text in labels)
    floor = HEIGHT - BOTTOM
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f'<line class="axis" x1="{LEFT}" x2="{WIDTH}" y1="{floor}" y2="{floor}"/>'
        f'<text x="0" y="20">{most:,.4g}</text><text x="0" y="{floor}">0</text>{marks}{ticks}</svg></figure>'
    )
