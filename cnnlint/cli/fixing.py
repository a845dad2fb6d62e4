"""``--fix``, ``--diff`` and ``--add-ignore``: fixes carried out, shown, or replaced by comments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from cnnlint.findings import Report
from cnnlint.fix import apply
from cnnlint.fix.ignores import with_ignores
from cnnlint.source.text import SourceText

_MAX_ROUNDS = 10  # a fix may make another rule speak; ten rounds are far more than any chain of those

Save = Callable[[SourceText, str], None]


def save_file(text: SourceText, new: str) -> None:
    """Replaces the file that ``text`` was read from."""
    try:
        apply.write(Path(text.path), text.text, new)
    except OSError as error:
        raise click.UsageError(f"cannot write {text.path}: {error.strerror or error}") from error


def fix(report: Report, again: Callable[[], Report], save: Save, *, unsafe: bool) -> tuple[Report, int]:
    """Carries out fixes until none is left. Returns the last report and the number of fixes."""
    total = 0
    for _ in range(_MAX_ROUNDS):
        done = 0
        for path, fixes in apply.wanted(report.findings, unsafe=unsafe).items():
            new, number = apply.fixed_text(report.texts[path], fixes)
            if number:
                save(report.texts[path], new)
                done += number
        if not done:
            break
        total += done
        report = again()
    return report, total


def add_ignores(report: Report, save: Save) -> int:
    """Silences what was found with comments. Returns for how many findings that was possible."""
    total = 0
    for path, text in report.texts.items():
        new, silenced = with_ignores(text, [finding for finding in report.findings if finding.path == path])
        if silenced:
            save(text, new)
        total += silenced
    return total


def preview(report: Report, *, unsafe: bool) -> str:
    """What one round of fixes would change, as a unified diff."""
    changes = apply.wanted(report.findings, unsafe=unsafe)
    return "".join(
        apply.diff(report.texts[path], apply.fixed_text(report.texts[path], fixes)[0])
        for path, fixes in sorted(changes.items())
    )
