"""``json``: the whole report as one object; its schema is ``schemas/findings.schema.json``."""

from __future__ import annotations

import json

from cnnlint.findings import Report
from cnnlint.report import Style


def render(report: Report, style: Style) -> str:
    """The report's :meth:`~cnnlint.findings.Report.to_dict` as indented JSON."""
    return json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n"
