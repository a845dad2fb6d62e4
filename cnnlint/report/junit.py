"""``junit``: a test suite for each file, a failed case for each finding."""

from __future__ import annotations

from itertools import groupby
from xml.etree.ElementTree import Element, SubElement

from cnnlint.findings import Report
from cnnlint.report import Style
from cnnlint.report.items import Item, items
from cnnlint.report.xml import clean, document


def render(report: Report, style: Style) -> str:
    """A ``testsuites`` document; a run without findings has one case that passed."""
    found = list(items(report))
    root = Element("testsuites", name="cnnlint", tests=str(len(found) or 1), failures=str(len(found)), errors="0")
    for path, group in groupby(found, key=lambda item: item.span.path):
        _suite(root, path, list(group))
    if not found:
        suite = SubElement(root, "testsuite", name="cnnlint", tests="1", failures="0", errors="0")
        SubElement(suite, "testcase", name="no findings", classname="cnnlint")
    return document(root)


def _suite(root: Element, path: str, group: list[Item]) -> None:
    number = str(len(group))
    suite = SubElement(root, "testsuite", name=clean(path), tests=number, failures=number, errors="0")
    for item in group:
        line, column = str(item.span.line), str(item.span.column)
        name = f"cnnlint.{item.code}"
        case = SubElement(suite, "testcase", name=name, classname=clean(path), line=line, column=column)
        failure = SubElement(case, "failure", message=clean(item.message), type=str(item.severity))
        failure.text = clean(f"line {item.span.line}, column {item.span.column}: {item.message}")
