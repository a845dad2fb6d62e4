"""``lsp``: what a language server would publish, an array of ``PublishDiagnosticsParams``."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Any

from cnnlint.findings import Report
from cnnlint.graph.span import Span
from cnnlint.report import Style
from cnnlint.report.items import Item, items
from cnnlint.report.units import utf16
from cnnlint.rule import Severity

_LEVELS = {Severity.ERROR: 1, Severity.WARNING: 2, Severity.ADVICE: 3}


def render(report: Report, style: Style) -> str:
    """0-based lines, columns in UTF-16 code units, one entry for each file with something to say."""
    groups = groupby(items(report), key=lambda item: item.span.path)
    published = [{"uri": uri(path), "diagnostics": [diagnostic(i, report) for i in group]} for path, group in groups]
    return json.dumps(published, indent=2, ensure_ascii=False) + "\n"


def uri(path: str) -> str:
    """The ``file:`` address of a path."""
    return Path(path).absolute().as_uri()


def diagnostic(item: Item, report: Report) -> dict[str, Any]:
    """One ``Diagnostic``."""
    found: dict[str, Any] = {
        "range": span_range(item.span, report),
        "severity": _LEVELS[item.severity],
        "code": item.code,
        "source": "cnnlint",
        "message": item.message,
    }
    if item.finding:
        if item.finding.help:
            found["message"] += f"\nhelp: {item.finding.help}"
        found["relatedInformation"] = [
            {"location": {"uri": uri(r.span.path), "range": span_range(r.span, report)}, "message": r.message}
            for r in item.finding.related
        ]
        found["data"] = {"name": item.name, "fingerprint": item.finding.fingerprint}
    return found


def span_range(span: Span, report: Report) -> dict[str, Any]:
    """A span as an LSP ``Range``."""
    text = report.texts.get(span.path)
    return {
        "start": {"line": span.line - 1, "character": utf16(text, span.line, span.column)},
        "end": {"line": span.end_line - 1, "character": utf16(text, span.end_line, span.end_column)},
    }
