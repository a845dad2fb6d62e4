"""Output formats, one module each: ``render(report, style)`` returns the text. Adding one is one entry here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from cnnlint.findings import Report


@dataclass(frozen=True)
class Style:
    """How text for people may look; formats for programs take no notice of it."""

    color: bool = False


Renderer = Callable[[Report, Style], str]

FORMATS = {
    "full": "cnnlint.report.full",
    "concise": "cnnlint.report.concise",
    "grouped": "cnnlint.report.grouped",
    "json": "cnnlint.report.json",
    "json-lines": "cnnlint.report.json_lines",
    "sarif": "cnnlint.report.sarif",
    "github": "cnnlint.report.github",
    "gitlab": "cnnlint.report.gitlab",
    "junit": "cnnlint.report.junit",
    "rdjson": "cnnlint.report.rdjson",
    "checkstyle": "cnnlint.report.checkstyle",
    "azure": "cnnlint.report.azure",
    "markdown": "cnnlint.report.markdown",
    "lsp": "cnnlint.report.lsp",
}

FOR_PEOPLE = frozenset({"full", "concise", "grouped"})
"""Formats that are read on a terminal."""


def renderer(name: str) -> Renderer:
    """The function that writes the format ``name``."""
    return cast(Renderer, import_module(FORMATS[name]).render)
