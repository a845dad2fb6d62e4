"""``sarif``: SARIF 2.1.0, as code scanning services read it."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cnnlint import __version__
from cnnlint.docs import RuleDoc, markdown
from cnnlint.findings import Diagnostic, Finding, Report, TextFix, plain
from cnnlint.graph.span import Span
from cnnlint.report import Style
from cnnlint.rule import Related, Rule, Severity

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "note"}


def render(report: Report, style: Style) -> str:
    """One run; suppressed findings are in it and marked as such."""
    found = sorted((*report.findings, *report.suppressed), key=lambda f: (f.span, f.code))
    codes = list(report.rules)
    hashes: Counter[tuple[str, str]] = Counter()
    suppressed = {id(finding) for finding in report.suppressed}
    run = {
        "tool": {
            "driver": {
                "name": "cnnlint",
                "semanticVersion": __version__,
                "version": __version__,
                "rules": [_rule(rule) for rule in report.rules.values()],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [_notification(each) for each in report.diagnostics],
            }
        ],
        "results": [
            {**_result(finding, codes), **_identity(finding, report, hashes)}
            | {"suppressions": [{"kind": "inSource"}] if id(finding) in suppressed else []}
            for finding in found
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: type[Rule]) -> dict[str, Any]:
    doc = RuleDoc.of(rule)
    text = markdown(rule)
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": doc.summary or rule.name},
        "fullDescription": {"text": doc.sections.get("What it does", doc.summary) or rule.name},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": _LEVELS[rule.severity], "enabled": not rule.opt_in},
        "properties": {"tags": [str(rule.category)]},
    }


def _result(finding: Finding, codes: list[str]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message + (f"\n{finding.help}" if finding.help else "")},
        "locations": [_location(finding.span) | _logical(finding)],
        "properties": {"proof": str(finding.proof), "data": plain(finding.data)},
    }
    if finding.code in codes:
        result["ruleIndex"] = codes.index(finding.code)
    if finding.related:
        result["relatedLocations"] = [_related(number, r) for number, r in enumerate(finding.related)]
    if finding.text_fix:
        result["fixes"] = [_fix(finding.span.path, finding.text_fix, finding.help)]
    return result


def _identity(finding: Finding, report: Report, hashes: Counter[tuple[str, str]]) -> dict[str, Any]:
    """Fingerprints: one of the line's content, and ours, which does not depend on lines at all."""
    text = report.texts.get(finding.span.path)
    content = " ".join(text.line(finding.span.line).split()) if text else ""
    line_hash = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    hashes[finding.span.path, line_hash] += 1
    number = hashes[finding.span.path, line_hash]
    prints = {"primaryLocationLineHash": f"{line_hash}:{number}", "cnnlint/v1": finding.fingerprint}
    return {"partialFingerprints": prints}


def _related(number: int, related: Related) -> dict[str, Any]:
    return {"id": number, "message": {"text": related.message}, **_location(related.span)}


def _location(span: Span) -> dict[str, Any]:
    region = _region(span.line, span.column, span.end_line, span.end_column)
    return {"physicalLocation": {"artifactLocation": {"uri": uri(span.path)}, "region": region}}


def _logical(finding: Finding) -> dict[str, Any]:
    name = f"{finding.model}.{finding.layer}".strip(".")
    return {"logicalLocations": [{"fullyQualifiedName": name, "kind": "member"}]} if name else {}


def _region(line: int, column: int, end_line: int, end_column: int) -> Mapping[str, int]:
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _fix(path: str, fix: TextFix, description: str) -> dict[str, Any]:
    replacements = [
        {
            "deletedRegion": _region(edit.line, edit.column, edit.end_line, edit.end_column),
            "insertedContent": {"text": edit.text},
        }
        for edit in fix.edits
    ]
    change = {"artifactLocation": {"uri": uri(path)}, "replacements": replacements}
    text = f"{description or 'apply the fix'} ({fix.applicability})"
    return {"description": {"text": text}, "artifactChanges": [change]}


def _notification(diagnostic: Diagnostic) -> dict[str, Any]:
    line, column = max(diagnostic.line, 1), max(diagnostic.column, 1)
    return {
        "level": "error",
        "descriptor": {"id": diagnostic.kind},
        "message": {"text": diagnostic.message},
        "locations": [_location(Span(diagnostic.path, line, column, line, column))],
    }


def uri(path: str) -> str:
    """A relative path as a relative URI reference, an absolute one as a ``file:`` address."""
    return Path(path).as_uri() if Path(path).is_absolute() else quote(os.fsencode(path))
