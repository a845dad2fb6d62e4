"""Where reports go: ``--output-format``, ``--output-file`` and ``--statistics``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from cnnlint.findings import Finding, Report
from cnnlint.nearest import did_you_mean
from cnnlint.report import FOR_PEOPLE, FORMATS, Style, renderer

_STDOUT = "-"
_PLAIN = str.maketrans({"─": "-", "×": "x", "…": "..."})


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


def emit(text: str, *, for_people: bool) -> None:
    """Writes to standard output: what programs read in UTF-8, what people read in the terminal's own encoding.

    A character that cannot be written (a stray surrogate from a file name, say) becomes an escape, never an error."""
    sys.stdout.flush()
    encoding = (sys.stdout.encoding or "utf-8") if for_people else "utf-8"
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        data = (text.translate(_PLAIN) if for_people else text).encode(encoding, "backslashreplace")
    click.echo(data, nl=False, color=True)


def write(report: Report, destinations: Sequence[Destination], style: Style) -> None:
    """Writes ``report`` to each destination; files never hold colours."""
    for destination in destinations:
        render = renderer(destination.format)
        if destination.place == _STDOUT:
            emit(render(report, style), for_people=destination.format in FOR_PEOPLE)
            continue
        path = Path(destination.place)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(render(report, Style()).encode("utf-8", "backslashreplace"))
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
