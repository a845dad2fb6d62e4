"""Where reports go: ``--output-format``, ``--output-file`` and ``--statistics``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from cnnlint.findings import Finding, Report
from cnnlint.nearest import did_you_mean
from cnnlint.report import FORMATS, Style, renderer

_STDOUT = "-"


@dataclass(frozen=True)
class Destination:
    """A report to write: in which format, and to which file or to standard output (``-``)."""

    format: str
    place: str


def parse(texts: Sequence[str], default_format: str) -> list[Destination]:
    """What ``--output-file`` asks for: ``FORMAT:DEST``, or ``DEST`` for the format of ``--output-format``.

    Standard output gets the report in ``default_format`` unless that is written to a file."""
    if default_format not in FORMATS:
        message = f"configuration: setting 'output-format': no format is called {default_format!r}"
        raise click.UsageError(message + did_you_mean(default_format, FORMATS))
    destinations: list[Destination] = []
    redirected = False
    for text in texts:
        format_, colon, place = text.partition(":")
        if colon and format_ in FORMATS:
            destinations.append(Destination(format_, place))
        else:
            destinations.append(Destination(default_format, text))
            redirected = True
    to_stdout = any(destination.place == _STDOUT for destination in destinations)
    return destinations if redirected or to_stdout else [Destination(default_format, _STDOUT), *destinations]


def write(report: Report, destinations: Sequence[Destination], style: Style) -> None:
    """Writes ``report`` to each destination; files never hold colours."""
    for destination in destinations:
        render = renderer(destination.format)
        if destination.place == _STDOUT:
            click.echo(render(report, style), nl=False, color=True)
            continue
        path = Path(destination.place)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(render(report, Style()), encoding="utf-8", newline="\n")
        except OSError as error:
            raise click.UsageError(f"--output-file: cannot write {path}: {error.strerror}") from error


def statistics(report: Report, output_format: str) -> str:
    """The number of findings of each rule, the most frequent first; as JSON if that is the format."""
    by_code: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_code.setdefault(finding.code, []).append(finding)
    groups = sorted(by_code.items(), key=lambda item: (-len(item[1]), item[0]))
    if output_format == "json":
        rows = [{"code": code, "name": found[0].name, "count": len(found)} for code, found in groups]
        return json.dumps(rows, indent=2) + "\n"
    width = max((len(f"{len(found):,}") for _, found in groups), default=0)
    return "".join(f"{len(found):>{width},}  {code}  {found[0].name}\n" for code, found in groups)
