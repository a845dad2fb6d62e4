"""The work of ``cnnlint check``: lint, fix, write reports, give the status."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import click

from cnnlint.cli import fixing, outputs
from cnnlint.cli.progress import progress, status
from cnnlint.config import Resolver
from cnnlint.files import find_files
from cnnlint.findings import Report
from cnnlint.graph.shapes import InputShape
from cnnlint.lint import LintOptions, lint_files, lint_text
from cnnlint.lint.proving import TraceOptions
from cnnlint.lint.session import diagnostic_of
from cnnlint.report import Style
from cnnlint.report.items import counted
from cnnlint.rule import Applicability, Severity
from cnnlint.select import Choice
from cnnlint.source.paths import shown
from cnnlint.source.text import SourceProblem, SourceText, decode_source

STDIN = Path("-")


@dataclass(frozen=True)
class Request:
    """What ``cnnlint check`` was asked for."""

    paths: tuple[Path, ...]
    resolver: Resolver
    inputs: tuple[InputShape, ...]
    stdin_filename: Path | None
    choice: Choice
    outputs: tuple[str, ...]
    style: Style
    exit_zero: bool = False
    fix: bool = False
    unsafe_fixes: bool = False
    diff: bool = False
    add_ignore: bool = False
    jobs: int | None = None
    statistics: bool = False
    verbose: bool = False
    quiet: bool = False
    trace: TraceOptions | None = None

    @property
    def changes(self) -> bool:
        """Whether sources are to be changed."""
        return self.fix or self.add_ignore

    @property
    def lint_options(self) -> LintOptions:
        return LintOptions(self.resolver, self.choice, self.inputs, jobs=self.jobs, trace=self.trace)


def check(request: Request) -> int:
    """Does it and returns the exit status."""
    settings = request.resolver.root.settings
    destinations = outputs.parse(request.outputs, settings.output_format)
    on_stdin = request.paths == (STDIN,)
    report, fixed = (_check_stdin if on_stdin else _check_files)(request)
    status = _status(report, request, settings.fail_on)
    if request.verbose and report.refuted:
        report = replace(report, findings=(*report.findings, *report.refuted))
    if request.diff:
        outputs.emit(fixing.preview(report, unsafe=request.unsafe_fixes), for_people=True)
    elif request.statistics:
        outputs.emit(outputs.statistics(report, settings.output_format), for_people=True)
    elif not (on_stdin and request.changes):
        outputs.write(report, destinations, request.style)
    if request.verbose:
        for line in report.unknown:
            click.echo(f"unknown: {line}", err=True)
    if not request.quiet:
        click.echo(closing_line(report, fixed), err=True)
    return status


def _status(report: Report, request: Request, fail_on: str) -> int:
    if report.unfinished:
        return 2
    return 0 if request.exit_zero or not report.fails(fail_on) else 1


def _check_files(request: Request) -> tuple[Report, int]:
    found = find_files(request.paths, request.resolver)
    if not found.files and not request.quiet:
        click.echo("cnnlint: no Python files there", err=True)

    def lint() -> Report:
        if request.trace is not None:
            with status(quiet=request.quiet) as told:
                return lint_files(found, replace(request.lint_options, trace=replace(request.trace, told=told)))
        with progress(len(found.files), quiet=request.quiet) as advance:
            return lint_files(found, request.lint_options, advance)

    return _fixed(request, lint, fixing.save_file)


def _check_stdin(request: Request) -> tuple[Report, int]:
    """With ``--fix`` or ``--add-ignore`` the changed text is the output, as of other tools that editors call."""
    path = request.stdin_filename or Path("<stdin>")
    try:
        current = decode_source(sys.stdin.buffer.read(), shown(path) if request.stdin_filename else str(path))
    except SourceProblem as problem:
        return Report(diagnostics=(diagnostic_of(problem),), checked=1), 0

    def save(text: SourceText, new: str) -> None:
        nonlocal current
        current = SourceText(text.path, new)

    result = _fixed(request, lambda: lint_text(current, path, request.lint_options), save)
    if request.changes and not request.diff:
        outputs.emit(current.text, for_people=False)
    return result


def _fixed(request: Request, lint: Callable[[], Report], save: fixing.Save) -> tuple[Report, int]:
    report, fixed = lint(), 0
    if request.diff:
        return report, 0
    if request.fix:
        report, fixed = fixing.fix(report, lint, save, unsafe=request.unsafe_fixes)
    if request.add_ignore and (silenced := fixing.add_ignores(report, save)):
        if not request.quiet:
            click.echo(f"{counted(silenced, 'finding')} silenced with comments.", err=True)
        report = lint()
    return report, fixed


def closing_line(report: Report, fixed: int) -> str:
    """What was found, in one line: ``2 errors and 3 warnings in 12 files, 5 with models; 4 fixable with --fix.``"""
    nouns = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "piece of advice"}
    numbers = report.severities
    numbers[Severity.ERROR] += len(report.diagnostics)
    found = [_count(numbers[severity], noun) for severity, noun in nouns.items() if numbers[severity]]
    text = " and ".join(filter(None, (", ".join(found[:-1]), *found[-1:]))) or "Nothing found"
    text += f" in {counted(report.checked, 'file')}, {report.with_models:,} with models"
    safe = _fixable(report, Applicability.SAFE)
    unsafe = _fixable(report, Applicability.UNSAFE)
    if fixed:
        text += f"; {fixed:,} fixed"
    if safe:
        text += f"; {safe:,} fixable with --fix"
    if unsafe:
        text += f"; {unsafe:,} {'more ' if safe else ''}with --fix --unsafe-fixes"
    return text + "."


def _count(number: int, noun: str) -> str:
    if noun.startswith("piece") and number != 1:
        return f"{number:,} pieces of advice"
    return counted(number, noun)


def _fixable(report: Report, applicability: Applicability) -> int:
    return sum(1 for f in report.findings if f.text_fix and f.text_fix.applicability == applicability)
