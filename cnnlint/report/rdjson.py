"""``rdjson``: the Reviewdog Diagnostic Format."""

from __future__ import annotations

import json
from typing import Any

from cnnlint.findings import Finding, Report, TextEdit
from cnnlint.graph.span import Span
from cnnlint.report import Style
from cnnlint.report.items import Item, items
from cnnlint.report.units import utf8
from cnnlint.rule import Severity
from cnnlint.source.text import SourceText

_LEVELS = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.ADVICE: "INFO"}


def render(report: Report, style: Style) -> str:
    """One ``DiagnosticResult``; columns count UTF-8 bytes."""
    diagnostics = [_diagnostic(item, report) for item in items(report)]
    result = {"source": {"name": "cnnlint"}, "severity": "WARNING", "diagnostics": diagnostics}
    return json.dumps(result, indent=2, ensure_ascii=False) + "\n"


def _diagnostic(item: Item, report: Report) -> dict[str, Any]:
    text = report.texts.get(item.span.path)
    found: dict[str, Any] = {
        "message": item.message,
        "location": _location(item.span, text),
        "severity": _LEVELS[item.severity],
        "code": {"value": item.code},
    }
    if item.finding:
        found["related_locations"] = [
            {"message": r.message, "location": _location(r.span, report.texts.get(r.span.path))}
            for r in item.finding.related
        ]
        found["suggestions"] = _suggestions(item.finding, text)
    return {key: value for key, value in found.items() if value != []}


def _location(span: Span, text: SourceText | None) -> dict[str, Any]:
    return {"path": span.path, "range": _range(span[1:], text)}


def _range(place: tuple[int, int, int, int], text: SourceText | None) -> dict[str, Any]:
    line, column, end_line, end_column = place
    return {
        "start": {"line": line, "column": utf8(text, line, column)},
        "end": {"line": end_line, "column": utf8(text, end_line, end_column)},
    }


def _suggestions(finding: Finding, text: SourceText | None) -> list[dict[str, Any]]:
    edits: tuple[TextEdit, ...] = finding.text_fix.edits if finding.text_fix else ()
    return [
        {"range": _range((e.line, e.column, e.end_line, e.end_column), text), "text": e.text} for e in edits
    ]  # fmt: skip
