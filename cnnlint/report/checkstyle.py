"""``checkstyle``: the XML of Checkstyle, which many review tools read."""

from __future__ import annotations

from itertools import groupby
from xml.etree.ElementTree import Element, SubElement

from cnnlint.findings import Report
from cnnlint.report import Style
from cnnlint.report.items import items
from cnnlint.report.xml import clean, document
from cnnlint.rule import Severity

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "info"}


def render(report: Report, style: Style) -> str:
    """A ``checkstyle`` document."""
    root = Element("checkstyle", version="4.3")
    for path, group in groupby(items(report), key=lambda item: item.span.path):
        file = SubElement(root, "file", name=clean(path))
        for item in group:
            SubElement(
                file, "error", line=str(item.span.line), column=str(item.span.column), severity=_LEVELS[item.severity],
                message=clean(item.message), source=f"cnnlint.{item.code}",
            )  # fmt: skip
    return document(root)
