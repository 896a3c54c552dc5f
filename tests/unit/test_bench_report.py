"""What the bench prints and writes about a figure."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from bench.report import Bar, Figure, print_table, write_json

SOON = Bar(5)
MANY = Bar(2_000, at_least=True)
HALF = Bar(0.5, of="there")


@pytest.mark.parametrize(
    ("bar", "value", "met"), [(SOON, 5, True), (SOON, 5.1, False), (MANY, 2_000, True), (MANY, 1_999, False)]
)
def test_a_bar_is_met_at_its_value_and_not_beyond(bar: Bar, value: float, met: bool) -> None:
    assert bar.met_by(value) is met


def test_the_median_of_the_rounds_is_held_against_the_bar() -> None:
    assert Figure("delay", "here", "ms", [SOON], [4.0, 4.5, 30.0]).verdicts({}) == [True]


@pytest.mark.parametrize(
    ("medians", "verdict"),
    [({("delay", "there"): 8.0}, True), ({("delay", "there"): 7.9}, False), ({("rate", "there"): 8.0}, None)],
)
def test_a_bar_may_be_a_share_of_what_another_system_has_in_the_same_figure(
    medians: dict[tuple[str, str], float], verdict: bool | None
) -> None:
    assert Figure("delay", "here", "ms", [HALF], [4.0]).verdicts(medians) == [verdict]


def test_the_table_has_the_median_the_spread_the_bars_and_the_verdicts() -> None:
    out = StringIO()
    figure = Figure("rate", "here", "a second", [MANY, HALF], [1_800.0, 1_900.4, 2_500.0])
    print_table(Console(file=out, width=120), "Delivery", [figure])
    rows = [[cell.strip() for cell in row.strip("│").split("│")] for row in out.getvalue().splitlines()[-3:-1]]
    assert rows == [
        ["rate", "here", "1,900", "1,800", "2,500", "a second", "≥ 2,000 a second", "missed"],
        ["", "", "", "", "", "", "≤ 0.5 × there", "not measured"],  # noqa: RUF001 - times
    ]


def test_the_json_holds_each_round(tmp_path: Path) -> None:
    path = write_json("delivery", [Figure("delay", "here", "ms", [SOON], [1.0, 3.0, 2.0])], tmp_path / "results")
    assert json.loads(path.read_text()) == [
        {
            "name": "delay",
            "system": "here",
            "unit": "ms",
            "bars": [{"value": 5, "of": None, "at_least": False}],
            "rounds": [1.0, 3.0, 2.0],
            "median": 2.0,
            "met": [True],
        }
    ]
