"""``json-lines``: one JSON object for each finding and diagnostic, as ``json`` gives them."""

from __future__ import annotations

import json

from cnnlint.findings import Report
from cnnlint.report import Style


def render(report: Report, style: Style) -> str:
    """Findings first, then diagnostics, a line each."""
    rows = [finding.to_dict() for finding in report.findings]
    rows += [diagnostic.to_dict() for diagnostic in report.diagnostics]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
