"""Findings and diagnostics as one list, for formats that show both alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cnnlint.findings import Diagnostic, Finding, Report
from cnnlint.graph.span import Span
from cnnlint.rule import Proof, Severity


@dataclass(frozen=True)
class Item:
    """One thing to show. ``code`` of a diagnostic is its kind; ``finding`` is ``None`` for it."""

    code: str
    name: str
    severity: Severity
    message: str
    span: Span
    finding: Finding | None = None

    @property
    def several_lines(self) -> bool:
        return self.span.end_line > self.span.line


def items(report: Report) -> Iterator[Item]:
    """All there is to show, by path, line and column."""
    found = [_of_finding(finding) for finding in report.findings] + [_of_diagnostic(d) for d in report.diagnostics]
    yield from sorted(found, key=lambda item: (item.span.path, item.span.line, item.span.column, item.code))


def _of_finding(finding: Finding) -> Item:
    message = finding.message
    if finding.proof is not Proof.STATIC:
        by = "found by the trace" if finding.data.get("found_by_trace") else f"{finding.proof} by the trace"
        message += f" [{by}]"
    return Item(finding.code, finding.name, finding.severity, message, finding.span, finding)


def _of_diagnostic(diagnostic: Diagnostic) -> Item:
    line, column = max(diagnostic.line, 1), max(diagnostic.column, 1)
    span = Span(diagnostic.path, line, column, line, column)
    return Item(diagnostic.kind, diagnostic.kind, Severity.ERROR, diagnostic.message, span)


def counted(number: int, noun: str) -> str:
    """``"1 error"``, ``"2 errors"``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
