"""``github``: workflow commands, which GitHub shows as annotations of a pull request."""

from __future__ import annotations

from collections.abc import Mapping

from cnnlint.findings import Report
from cnnlint.report import Style
from cnnlint.report.items import Item, items
from cnnlint.rule import Severity

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "notice"}
_ORDER = list(_LEVELS)
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def render(report: Report, style: Style) -> str:
    """One command a line, the worst first: GitHub shows only ten of a kind for each step."""
    ordered = sorted(items(report), key=lambda item: _ORDER.index(item.severity))
    return "".join(f"{_command(item)}\n" for item in ordered)


def _command(item: Item) -> str:
    span = item.span
    properties = {"title": f"{item.code} {item.name}" if item.finding else item.code, "file": span.path}
    properties["line"] = str(span.line)
    if item.several_lines:
        # GitHub refuses columns on an annotation that spans lines.
        properties["endLine"] = str(span.end_line)
    else:
        properties |= {"col": str(span.column), "endLine": str(span.line), "endColumn": str(span.end_column)}
    text = ",".join(f"{key}={escape(value, _PROPERTY)}" for key, value in properties.items())
    return f"::{_LEVELS[item.severity]} {text}::{escape(_message(item), _DATA)}"


def _message(item: Item) -> str:
    place = f"{item.span.path}:{item.span.line}:{item.span.column}: {item.code} "
    help_text = f"\n{item.finding.help}" if item.finding and item.finding.help else ""
    return f"{place}{item.message}{help_text}"


def escape(text: str, table: Mapping[str, str]) -> str:
    """``text`` with the characters of ``table`` replaced in one pass."""
    return "".join(table.get(char, char) for char in text)
