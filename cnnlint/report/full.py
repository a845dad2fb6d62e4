"""``full``: the source line, a caret under the place, the numbers, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from unicodedata import combining, east_asian_width

from cnnlint.findings import Finding, Report
from cnnlint.graph.span import Span
from cnnlint.report import Style
from cnnlint.report.items import Item, items
from cnnlint.report.paint import Paint
from cnnlint.rule import Applicability
from cnnlint.source.text import SourceText

_TAB = 4
_LONGEST = 160
_SURROUNDINGS = 40
_FIX_WORDS = {
    Applicability.SAFE: "--fix does it",
    Applicability.UNSAFE: "--fix --unsafe-fixes does it; it may change results or state-dict keys",
}


def render(report: Report, style: Style) -> str:
    """The report as text for people."""
    paint = Paint(style)
    blocks = ("\n".join(_block(item, report.texts.get(item.span.path), paint)) for item in items(report))
    return "".join(f"{block}\n\n" for block in blocks)


def _block(item: Item, text: SourceText | None, paint: Paint) -> Iterator[str]:
    span = item.span
    gutter = len(str(span.line))
    head = paint.severity(item.severity, f"{item.severity}[{item.code}]")
    name = paint.dim(f" ({item.name})") if item.finding else ""
    yield f"{head}{paint.bold(': ' + item.message)}{name}"
    yield f"{' ' * gutter}{paint.frame('-->')} {span.path}:{span.line}:{span.column}{_within(item.finding)}"
    if text is not None and (source := text.line(span.line)):
        shown, before, marked = _excerpt(source, span)
        bar = paint.frame("|")
        yield f"{' ' * gutter} {bar}"
        yield f"{paint.frame(str(span.line))} {bar} {shown}"
        yield f"{' ' * gutter} {bar} {' ' * before}{paint.severity(item.severity, '^' * marked)}"
    for label, note in _notes(item.finding):
        yield f"{' ' * gutter} {paint.frame('=')} {paint.bold(label + ':')} {note}"


def _within(finding: Finding | None) -> str:
    if finding is None:
        return ""
    name = f"{finding.model}.{finding.layer}".strip(".")
    return f" in {name}" if name else ""


def _notes(finding: Finding | None) -> Iterator[tuple[str, str]]:
    if finding is None:
        return
    for related in finding.related:
        yield "note", f"{related.span.path}:{related.span.line}: {related.message}"
    if finding.help:
        yield "help", finding.help
    if finding.text_fix and finding.text_fix.applicability in _FIX_WORDS:
        yield "fix", _FIX_WORDS[finding.text_fix.applicability]


def _excerpt(source: str, span: Span) -> tuple[str, int, int]:
    """The line, how many terminal columns stand before its marked part, and how many that takes. Of a very long line
    only the surroundings of the mark are shown."""
    start = span.column - 1
    end = span.end_column - 1 if span.end_line == span.line else len(source.rstrip())
    left = max(start - _SURROUNDINGS, 0) if len(source) > _LONGEST else 0
    right = max(left + _LONGEST, start + 1)
    before = _width(_expanded(source[left:start]))
    marked = max(_width(_expanded(source[left : min(end, right)])) - before, 1)
    cut_left, cut_right = "…" if left else "", "…" if right < len(source) else ""
    return f"{cut_left}{_expanded(source[left:right])}{cut_right}", before + len(cut_left), marked


def _expanded(text: str) -> str:
    """``text`` without tabs and control characters, which would move what follows."""
    return "".join(char if char.isprintable() else "?" for char in text.expandtabs(_TAB))


def _width(text: str) -> int:
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
