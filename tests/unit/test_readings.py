"""What happened between two readings of a counter or a histogram."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram

from app.monitoring.readings import buckets, by_label, quantile, total


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def test_a_counter_is_read_by_label_and_in_all(registry: CollectorRegistry) -> None:
    counter = Counter("gone", "-", ["reason", "way"], registry=registry)
    counter.labels("a", "x").inc(2)
    counter.labels("a", "y").inc()
    counter.labels("b", "x").inc(4)
    assert by_label(counter, "reason") == {"a": 3, "b": 4}
    assert total(counter) == 7


def test_of_nothing_there_is_no_quantile() -> None:
    assert quantile(0.5, {}, {}) is None
    assert quantile(0.5, {1.0: 3, inf: 3}, {1.0: 3, inf: 3}) is None


def test_what_was_observed_before_does_not_count() -> None:
    assert quantile(0.5, {1.0: 0, 2.0: 100, inf: 100}, {1.0: 10, 2.0: 110, inf: 110}) == 0.5


def test_within_a_bucket_values_are_taken_for_evenly_spread() -> None:
    assert quantile(0.25, {}, {1.0: 0, 2.0: 4, inf: 4}) == 1.25


def test_what_is_above_the_last_bound_is_told_as_that() -> None:
    assert quantile(0.99, {}, {1.0: 0, 2.0: 0, inf: 5}) == 2.0


@given(st.lists(st.floats(0.001, 9.9), min_size=1, max_size=50), st.sampled_from([0.1, 0.5, 0.9, 0.99, 1.0]))
def test_a_quantile_lies_in_the_bucket_of_the_value_that_it_stands_for(values: list[float], share: float) -> None:
    bounds = (0.01, 0.1, 1.0, 10.0)
    histogram = Histogram("h", "-", buckets=bounds, registry=CollectorRegistry())
    for value in values:
        histogram.observe(value)
    found = quantile(share, {}, buckets(histogram))
    exact = sorted(values)[max(0, -int(-share * len(values) // 1) - 1)]
    upper = next(bound for bound in bounds if exact <= bound)
    lower = max((bound for bound in bounds if bound < upper), default=0.0)
    assert found is not None
    assert lower <= found <= upper
