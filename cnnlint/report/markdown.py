"""``markdown``: a table for a pull request or a job summary."""

from __future__ import annotations

from cnnlint.findings import Report
from cnnlint.report import Style
from cnnlint.report.items import Item, counted, items


def render(report: Report, style: Style) -> str:
    """A heading with counts and one row for each finding."""
    found = list(items(report))
    if not found:
        return f"**cnnlint** found nothing in {counted(report.checked, 'file')}.\n"
    rows = "".join(f"| {_place(item)} | {item.severity} | {item.code} | {cell(item.message)} |\n" for item in found)
    head = "| Place | Severity | Rule | Message |\n| --- | --- | --- | --- |\n"
    return f"**cnnlint** found {counted(len(found), 'problem')} in {counted(report.checked, 'file')}.\n\n{head}{rows}"


def _place(item: Item) -> str:
    return f"`{cell(item.span.path)}:{item.span.line}`"


def cell(text: str) -> str:
    """``text`` fit for a table cell."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
