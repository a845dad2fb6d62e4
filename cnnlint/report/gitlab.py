"""``gitlab``: GitLab's code quality report."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

from cnnlint.findings import Report
from cnnlint.report import Style
from cnnlint.report.items import Item, items
from cnnlint.rule import Severity

_LEVELS = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.ADVICE: "minor"}


def render(report: Report, style: Style) -> str:
    """A JSON array of issues. Fingerprints hold no line numbers and are unique in the report."""
    seen: Counter[str] = Counter()
    issues = [_issue(item, seen) for item in items(report)]
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"


def _issue(item: Item, seen: Counter[str]) -> dict[str, object]:
    key = item.finding.fingerprint if item.finding else f"{item.span.path} {item.code}"
    seen[key] += 1
    numbered = f"{key} {seen[key]}".encode("utf-8", "surrogatepass")
    unique = key if item.finding and seen[key] == 1 else hashlib.sha256(numbered).hexdigest()[:32]
    return {
        "check_name": item.code,
        "description": f"{item.code}: {item.message}",
        "fingerprint": unique,
        "severity": _LEVELS[item.severity],
        "location": {
            "path": item.span.path,
            "positions": {
                "begin": {"line": item.span.line, "column": item.span.column},
                "end": {"line": item.span.end_line, "column": item.span.end_column},
            },
        },
    }
