"""What was measured, held against what must be reached: as a table, and as JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Bar:
    """What must be reached: at most ``value``, or at least; in ``unit``."""

    value: float
    unit: str
    at_least: bool = False

    def met_by(self, value: float) -> bool:
        return value >= self.value if self.at_least else value <= self.value

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {_number(self.value)} {self.unit}"


@dataclass(frozen=True)
class Figure:
    """One figure of one system: a value a round, in the unit of its bar."""

    name: str
    system: str
    bar: Bar
    rounds: Sequence[float]

    @property
    def median(self) -> float:
        return median(self.rounds)

    @property
    def met(self) -> bool:
        return self.bar.met_by(self.median)


def print_table(console: Console, title: str, figures: Sequence[Figure]) -> None:
    """Each figure's median over the rounds, its least and greatest, and whether the median meets the bar."""
    table = Table(title=title, title_justify="left")
    for column in ("what", "where"):
        table.add_column(column)
    for column in ("median", "from", "to", "bar"):
        table.add_column(column, justify="right")
    table.add_column("")
    for figure in figures:
        values = (figure.median, min(figure.rounds), max(figure.rounds))
        verdict = "[green]ok[/green]" if figure.met else "[red]missed[/red]"
        table.add_row(figure.name, figure.system, *map(_number, values), str(figure.bar), verdict)
    console.print(table)


def write_json(section: str, figures: Sequence[Figure], folder: Path = RESULTS) -> Path:
    """Write ``<section>.json``, with each figure its median and whether that meets the bar; returns where."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{section}.json"
    found = [asdict(figure) | {"median": figure.median, "met": figure.met} for figure in figures]
    path.write_text(json.dumps(found, indent=2) + "\n")
    return path


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
