"""``grouped``: findings under the file they stand in."""

from __future__ import annotations

from itertools import groupby

from cnnlint.findings import Report
from cnnlint.report import Style
from cnnlint.report.items import Item, items
from cnnlint.report.paint import Paint


def render(report: Report, style: Style) -> str:
    """A heading for each file, a line for each finding."""
    paint = Paint(style)
    groups = [(path, list(group)) for path, group in groupby(items(report), key=lambda item: item.span.path)]
    return "".join(f"{paint.bold(path)}:\n{_lines(group, paint)}\n" for path, group in groups)


def _lines(group: list[Item], paint: Paint) -> str:
    places = [f"{item.span.line}:{item.span.column}" for item in group]
    width = max(map(len, places))
    return "".join(
        f"  {place:<{width}}  {paint.severity(item.severity, f'{item.severity:<7} {item.code}')}  {item.message}\n"
        for place, item in zip(places, group, strict=True)
    )
