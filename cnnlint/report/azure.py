"""``azure``: logging commands of Azure Pipelines."""

from __future__ import annotations

from cnnlint.findings import Report
from cnnlint.report import Style
from cnnlint.report.github import escape
from cnnlint.report.items import Item, items
from cnnlint.rule import Severity

_TYPES = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "warning"}
_DATA = {"%": "%AZP25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ";": "%3B", "]": "%5D"}


def render(report: Report, style: Style) -> str:
    """One ``task.logissue`` command a line."""
    return "".join(f"{_command(item)}\n" for item in items(report))


def _command(item: Item) -> str:
    properties = {
        "type": _TYPES[item.severity],
        "sourcepath": item.span.path,
        "linenumber": str(item.span.line),
        "columnnumber": str(item.span.column),
        "code": item.code,
    }
    text = "".join(f"{key}={escape(value, _PROPERTY)};" for key, value in properties.items())
    return f"##vso[task.logissue {text}]{escape(item.message, _DATA)}"
