"""What was measured, held against what must be reached: as a table, and as JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
VERDICTS = {True: "[green]ok[/green]", False: "[red]missed[/red]", None: "not measured"}

Medians = Mapping[tuple[str, str], float]  # by figure and system


@dataclass(frozen=True)
class Bar:
    """What must be reached: at most ``value``, or at least; or so many times what another system has in this figure."""

    value: float
    of: str | None = None
    at_least: bool = False

    def met_by(self, value: float, others: float = 1) -> bool:
        most = self.value * others
        return value >= most if self.at_least else value <= most

    def told(self, unit: str) -> str:
        what = f"× {self.of}" if self.of else unit  # noqa: RUF001 - times
        return f"{'≥' if self.at_least else '≤'} {_number(self.value)} {what}"


@dataclass(frozen=True)
class Figure:
    """One figure of one system: a value a round."""

    name: str
    system: str
    unit: str
    bars: Sequence[Bar]
    rounds: Sequence[float]

    @property
    def median(self) -> float:
        return median(self.rounds)

    def verdicts(self, medians: Medians) -> list[bool | None]:
        """For each bar whether the median meets it; None where the other system was not measured."""
        others = [1 if bar.of is None else medians.get((self.name, bar.of)) for bar in self.bars]
        return [
            None if other is None else bar.met_by(self.median, other)
            for bar, other in zip(self.bars, others, strict=True)
        ]


def print_table(console: Console, title: str, figures: Sequence[Figure]) -> None:
    """Each figure's median over the rounds, its least and greatest, and whether the median meets each bar."""
    table = Table(title=title, title_justify="left")
    for column in ("what", "where"):
        table.add_column(column)
    for column in ("median", "from", "to"):
        table.add_column(column, justify="right")
    for column in ("unit", "bar", ""):
        table.add_column(column)
    for figure in figures:
        values = (figure.median, min(figure.rounds), max(figure.rounds))
        bars = "\n".join(bar.told(figure.unit) for bar in figure.bars)
        verdicts = "\n".join(VERDICTS[verdict] for verdict in figure.verdicts(_medians(figures)))
        table.add_row(figure.name, figure.system, *map(_number, values), figure.unit, bars, verdicts)
    console.print(table)


def write_json(section: str, figures: Sequence[Figure], folder: Path = RESULTS) -> Path:
    """Write ``<section>.json``, with each figure its median and whether that meets each bar; returns where."""
    medians = _medians(figures)
    found = [asdict(figure) | {"median": figure.median, "met": figure.verdicts(medians)} for figure in figures]
    return write(f"{section}.json", json.dumps(found, indent=2) + "\n", folder)


def write(name: str, text: str, folder: Path = RESULTS) -> Path:
    """Write one file of results; returns where."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


def _medians(figures: Sequence[Figure]) -> Medians:
    return {(figure.name, figure.system): figure.median for figure in figures}


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
