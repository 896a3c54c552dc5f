"""Types of options that several commands have."""

from math import isnan
from typing import Any
from urllib.parse import urlsplit

import click

MOST = 1_000_000  # rows
OFFSET = click.IntRange(0, 2**63 - 1)  # what a database has numbers for

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


class Amount(click.FloatRange):
    """A number within bounds; NaN, which is neither above nor below any, is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if isnan(number):
            self.fail(f"{value} is not a number.", param, ctx)
        return number


class Url(click.ParamType[str]):
    """The URL of a server."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            parts = urlsplit(str(value))
            good = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
        except ValueError:
            good = False
        if not good:
            self.fail(f"{value} is no URL such as http://127.0.0.1:3000.", param, ctx)
        return str(value)
