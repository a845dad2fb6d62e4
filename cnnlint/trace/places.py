"""Findings of two readings matched by rule and place."""

from __future__ import annotations

from collections.abc import Iterable

from cnnlint.rule import Finding


class Places:
    """Findings by rule and place: the same layer, or the same line."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        findings = list(findings)
        self._layers = {(f.code, f.layer, f.span.path, f.span.line) for f in findings}
        self._lines = {(f.code, f.span.path, f.span.line) for f in findings if not f.layer}

    def __contains__(self, finding: Finding) -> bool:
        span = finding.span
        if (finding.code, finding.layer, span.path, span.line) in self._layers:
            return True
        return not finding.layer and (finding.code, span.path, span.line) in self._lines
