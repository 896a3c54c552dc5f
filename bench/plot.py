"""Columns side by side, as SVG: in each group one a series. It follows the reader's choice of light or dark."""

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 860, 440
LEFT, RIGHT, TOP, BOTTOM = 56, 24, 104, 60  # around the area with the columns
AREA_WIDTH, AREA_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
BASE = HEIGHT - BOTTOM
LINES = 5  # of the grid, about
EMPTY = 0.2  # the share of a group's width beside its columns
MARK, LETTER = 34, 7.2  # pixels of a key: its mark with the space around it, and each letter

STYLE = """
  svg { --paper: #ffffff; --ink: #1f2328; --faint: #59636e; --line: #d8dee4;
        --s0: #0b6bcb; --s1: #d9730d; --s2: #2f9e5b; --s3: #8c959f; --s4: #7cb5ee; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #f0f6fc; --faint: #9198a1; --line: #30363d;
          --s0: #4aa3ff; --s1: #f0883e; --s2: #4cc27c; --s3: #7d8590; --s4: #2a66a5; } }
  text { font: 13px system-ui, sans-serif; fill: var(--ink); font-variant-numeric: tabular-nums; }
  .title { font-size: 17px; font-weight: 600; } .faint { fill: var(--faint); }
  .middle { text-anchor: middle; } .end { text-anchor: end; } .value { font-size: 11px; text-anchor: middle; }
  .paper { fill: var(--paper); } .grid { stroke: var(--line); } .base { stroke: var(--faint); }
  .s0 { fill: var(--s0); } .s1 { fill: var(--s1); } .s2 { fill: var(--s2); } .s3 { fill: var(--s3); }
  .s4 { fill: var(--s4); }
"""

Groups = Mapping[str, Mapping[str, float]]  # by group and series


def columns(title: str, upwards: str, across: str, groups: Groups) -> str:
    """The picture.

    :param upwards: what the values are, and their unit
    :param across: what the groups differ in
    :param groups: up to five series in each; one that is missing leaves its place empty
    """
    series = list(dict.fromkeys(name for values in groups.values() for name in values))
    most = max(value for values in groups.values() for value in values.values())
    step = _step(most / LINES)
    top = math.ceil(most / step) * step
    parts = [
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
        _text(24, 34, title, "title"),
        *_keys(series),
        _text(24, TOP - 14, upwards, "faint"),
        *_grid(step, top),
        *_columns(groups, series, AREA_HEIGHT / top),
        f'<path class="base" d="M{LEFT} {BASE}h{AREA_WIDTH}"/>',
        _text(LEFT + AREA_WIDTH / 2, HEIGHT - 14, across, "faint middle"),
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    return "\n".join([head, f"<title>{escape(title)}</title>", f"<style>{STYLE}</style>", *parts, "</svg>", ""])


def _keys(series: Sequence[str]) -> Iterator[str]:
    x = 24.0
    for number, name in enumerate(series):
        yield f'<rect class="s{number}" x="{x:.1f}" y="52" width="12" height="12" rx="2"/>'
        yield _text(x + 18, 63, name)
        x += MARK + LETTER * len(name)


def _grid(step: float, top: float) -> Iterator[str]:
    for number in range(round(top / step) + 1):
        y = BASE - AREA_HEIGHT * number * step / top
        yield f'<path class="grid" d="M{LEFT} {y:.1f}h{AREA_WIDTH}"/>'
        yield _text(LEFT - 8, y + 4, f"{number * step:g}", "faint end")


def _columns(groups: Groups, series: Sequence[str], scale: float) -> Iterator[str]:
    place = AREA_WIDTH / len(groups)
    width = place * (1 - EMPTY) / len(series)
    for position, (group, values) in enumerate(groups.items()):
        left = LEFT + place * position
        yield _text(left + place / 2, BASE + 20, group, "middle")
        for number, name in enumerate(series):
            if name in values:
                x, height = left + place * EMPTY / 2 + width * number, values[name] * scale
                yield (
                    f'<rect class="s{number}" x="{x + 1.5:.1f}" y="{BASE - height:.1f}" '
                    f'width="{width - 3:.1f}" height="{height:.1f}" rx="2"/>'
                )
                yield _text(x + width / 2, BASE - height - 5, f"{values[name]:.3g}", "value")


def _text(x: float, y: float, text: str, style: str = "") -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _step(least: float) -> float:
    """1, 2 or 5 times a power of ten, and not less."""
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)
