"""``concise``: one line for each finding."""

from __future__ import annotations

from cnnlint.findings import Report
from cnnlint.report import Style
from cnnlint.report.items import items
from cnnlint.report.paint import Paint


def render(report: Report, style: Style) -> str:
    """``path:line:column: severity CODE message``, a line each."""
    paint = Paint(style)
    return "".join(
        f"{paint.bold(item.span.path)}:{item.span.line}:{item.span.column}: "
        f"{paint.severity(item.severity, f'{item.severity} {item.code}')} {item.message}\n"
        for item in items(report)
    )
