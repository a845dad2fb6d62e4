"""What a run hands to reports and to callers: findings in their place, diagnostics, and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cnnlint import __version__, rule
from cnnlint.graph.dims import Sym, show
from cnnlint.rule import Severity
from cnnlint.source.text import SourceText

__all__ = ["Diagnostic", "Finding", "Report", "TextEdit", "TextFix", "at_least"]

_RANK = {Severity.ERROR: 2, Severity.WARNING: 1, Severity.ADVICE: 0}


def at_least(severity: Severity, threshold: str) -> bool:
    """Whether ``severity`` reaches ``threshold``, one of ``error``, ``warning``, ``advice`` and ``never``."""
    return threshold != "never" and _RANK[severity] >= _RANK[Severity(threshold)]


@dataclass(frozen=True, slots=True, order=True)
class TextEdit:
    """Text to put in place of a stretch of the file: 1-based, columns in characters, end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "column": self.column,
            "end_line": self.end_line,
            "end_column": self.end_column,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class TextFix:
    """A rule's fix as edits of one file."""

    applicability: rule.Applicability
    edits: tuple[TextEdit, ...]


@dataclass(frozen=True, slots=True)
class Finding(rule.Finding):
    """A rule's finding as a run reports it.

    ``fingerprint`` stays the same when lines move; ``scope`` is the class and the layer in it that the fingerprint
    is made of (``BasicBlock.conv1``); ``places`` counts the layers of a network in which it was found, or the
    networks."""

    fingerprint: str = ""
    scope: str = ""
    places: int = 1
    text_fix: TextFix | None = None

    @property
    def path(self) -> str:
        return self.span.path

    @property
    def line(self) -> int:
        return self.span.line

    @property
    def column(self) -> int:
        return self.span.column

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON gives it; see ``report/schemas/findings.schema.json``."""
        return {
            "code": self.code,
            "name": self.name,
            "category": str(self.category),
            "severity": str(self.severity),
            "proof": str(self.proof),
            "message": self.message,
            "path": self.span.path,
            "line": self.span.line,
            "column": self.span.column,
            "end_line": self.span.end_line,
            "end_column": self.span.end_column,
            "model": self.model,
            "layer": self.layer,
            "data": plain(self.data),
            "related": [
                {"path": r.span.path, "line": r.span.line, "message": r.message} for r in self.related
            ],
            "fix": self.text_fix
            and {
                "applicability": str(self.text_fix.applicability),
                "edits": [edit.to_dict() for edit in self.text_fix.edits],
            },
            "fingerprint": self.fingerprint,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Why a file or a rule could not be used: ``kind`` is a word such as ``syntax-error``. Counts as an error."""

    kind: str
    path: str
    line: int
    column: int
    message: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "message": self.message,
        }


@dataclass(frozen=True)
class Report:
    """The outcome of a run. ``findings`` are sorted by path, line, column and code; ``suppressed`` are those that a
    comment silences. ``texts`` holds the source of each file that something is reported in."""

    findings: tuple[Finding, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    suppressed: tuple[Finding, ...] = ()
    checked: int = 0
    with_models: int = 0
    texts: Mapping[str, SourceText] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    """What the reader could not find out, one line each."""
    refuted: tuple[Finding, ...] = ()
    """Findings of the source that a trace contradicts."""
    rules: Mapping[str, type[rule.Rule]] = field(default_factory=dict)
    """The rules that ran, by code."""

    @property
    def severities(self) -> Counter[Severity]:
        """The number of findings of each severity."""
        return Counter(finding.severity for finding in self.findings)

    @property
    def unfinished(self) -> bool:
        """Whether something could not be read at all, or cnnlint itself failed on it."""
        return any(diagnostic.kind in ("read-error", "internal-error") for diagnostic in self.diagnostics)

    def fails(self, threshold: str = "warning") -> bool:
        """Whether a finding reaches ``threshold``, or a diagnostic (an error) does."""
        if threshold == "never":
            return False
        return bool(self.diagnostics) or any(at_least(finding.severity, threshold) for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON gives it; see ``report/schemas/findings.schema.json``."""
        return {
            "schema": 1,
            "version": __version__,
            "findings": [finding.to_dict() for finding in self.findings],
            "diagnostics": [diagnostic.to_dict() for diagnostic in self.diagnostics],
            "files": {"checked": self.checked, "with_models": self.with_models},
        }


def plain(value: Any) -> Any:
    """``value`` in JSON's types: a symbolic size is its text, ``None`` where it is unknown."""
    if isinstance(value, Sym):
        return show(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    if value is None or type(value) in (bool, int, float, str):
        return value
    return str(value)
