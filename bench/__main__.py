"""``python -m bench [SECTION …]``: measure, print a table, and write the figures into ``bench/results/``."""

import click
from rich.console import Console
from rich.progress import Progress

from bench import analytics, delivery, engine
from bench.report import print_table, write, write_json
from bench.rounds import Section, take

SECTIONS: dict[str, Section] = {
    "analytics": analytics.steps,
    "delivery": delivery.steps,
    "engine": engine.steps,
}

USUAL = ("delivery", "engine")


@click.command()
@click.argument("sections", nargs=-1, type=click.Choice(list(SECTIONS)))
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="How often each is taken.")
@click.option("--only", default="", help="Take only the steps with this in their names, as the progress bar has them.")
def main(sections: tuple[str, ...], rounds: int, only: str) -> None:
    """Measure the SECTIONS that are named, else delivery and engine. A bar that is missed is told, and no error."""
    console = Console()
    for section in sections or USUAL:
        # Drawn anew only between what is measured: doing so takes the processor for some milliseconds.
        with Progress(console=console, transient=True, auto_refresh=False) as progress:
            figures = take(SECTIONS[section], rounds, progress, only)
        print_table(console, section.capitalize(), figures)
        console.print(f"Written to {write_json(section, figures)}")
        if section == "engine" and (picture := engine.chart(figures)):
            console.print(f"Written to {write('engine.svg', picture)}")


if __name__ == "__main__":
    main()
