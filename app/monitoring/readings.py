"""Counters and histograms as they stand, and what happened between two readings of them."""

from collections import Counter as Count
from collections.abc import Mapping
from math import inf

from prometheus_client import Counter, Histogram

Buckets = dict[float, float]
"""How many observations were not above each bound, cumulated as Prometheus has them."""


def by_label(counter: Counter, label: str) -> Count[str]:
    """What ``counter`` has counted since the process began, by the value of one of its labels."""
    found: Count[str] = Count()
    for metric in counter.collect():
        for sample in metric.samples:
            if sample.name.endswith("_total"):
                found[sample.labels.get(label, "")] += int(sample.value)
    return found


def total(counter: Counter) -> int:
    """What ``counter`` has counted since the process began, over all its labels."""
    return sum(
        int(sample.value) for metric in counter.collect() for sample in metric.samples if sample.name.endswith("_total")
    )


def buckets(histogram: Histogram) -> Buckets:
    """What ``histogram``, which has no labels, has observed since the process began."""
    return {
        float(sample.labels["le"]): sample.value
        for metric in histogram.collect()
        for sample in metric.samples
        if sample.name.endswith("_bucket")
    }


def quantile(share: float, before: Mapping[float, float], after: Mapping[float, float]) -> float | None:
    """The value that a ``share`` of what was observed between two readings is not above.

    Within a bucket values are taken for evenly spread, as by ``histogram_quantile`` of Prometheus; what is above the
    last bound is told as that bound.

    Returns:
        None when nothing was observed.
    """
    counts = {bound: count - before.get(bound, 0) for bound, count in sorted(after.items())}
    wanted = share * counts.get(inf, 0)
    if not wanted:
        return None
    lower, beneath = 0.0, 0.0
    for bound, count in counts.items():
        if count >= wanted:
            return lower if bound == inf else lower + (bound - lower) * (wanted - beneath) / (count - beneath)
        lower, beneath = bound, count
    return lower
