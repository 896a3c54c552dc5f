"""What the bench prints and writes about a figure."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from bench.report import Bar, Figure, print_table, write_json

SOON = Bar(5, "ms")
MANY = Bar(2_000, "a second", at_least=True)


@pytest.mark.parametrize(
    ("bar", "value", "met"), [(SOON, 5, True), (SOON, 5.1, False), (MANY, 2_000, True), (MANY, 1_999, False)]
)
def test_a_bar_is_met_at_its_value_and_not_beyond(bar: Bar, value: float, met: bool) -> None:
    assert bar.met_by(value) is met


def test_the_median_of_the_rounds_is_held_against_the_bar() -> None:
    assert Figure("delay", "here", SOON, [4.0, 4.5, 30.0]).met


def test_the_table_has_the_median_the_spread_the_bar_and_the_verdict() -> None:
    out = StringIO()
    print_table(Console(file=out, width=100), "Delivery", [Figure("rate", "there", MANY, [1_800.0, 1_900.4, 2_500.0])])
    row = out.getvalue().splitlines()[-2]
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        "rate",
        "there",
        "1,900",
        "1,800",
        "2,500",
        "≥ 2,000 a second",
        "missed",
    ]


def test_the_json_holds_each_round(tmp_path: Path) -> None:
    path = write_json("delivery", [Figure("delay", "here", SOON, [1.0, 3.0, 2.0])], tmp_path / "results")
    assert json.loads(path.read_text()) == [
        {
            "name": "delay",
            "system": "here",
            "bar": {"value": 5, "unit": "ms", "at_least": False},
            "rounds": [1.0, 3.0, 2.0],
            "median": 2.0,
            "met": True,
        }
    ]
