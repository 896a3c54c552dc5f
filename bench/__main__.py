"""``python -m bench [SECTION …]``: measure, print a table, and write the figures into ``bench/results/``."""

import click
from rich.console import Console
from rich.progress import Progress

from bench import delivery
from bench.report import print_table, write_json

SECTIONS = {"delivery": delivery.measure}


@click.command()
@click.argument("sections", nargs=-1, type=click.Choice(list(SECTIONS)))
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="How often each is taken.")
def main(sections: tuple[str, ...], rounds: int) -> None:
    """Measure all SECTIONS, or those that are named. A bar that is missed is told, and no error."""
    console = Console()
    for section in sections or SECTIONS:
        with Progress(console=console, transient=True) as progress:
            figures = SECTIONS[section](rounds, progress)
        print_table(console, section.capitalize(), figures)
        console.print(f"Written to {write_json(section, figures)}")


if __name__ == "__main__":
    main()
