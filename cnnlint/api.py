"""The Python API: what the commands do, as functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import TypeAlias

from cnnlint.config import Resolver
from cnnlint.files import find_files
from cnnlint.findings import Finding, Report
from cnnlint.graph.shapes import InputShape, parse_shape
from cnnlint.lint import LintOptions, lint_files, lint_text
from cnnlint.lint.targets import summarize as summarize_target
from cnnlint.select import Choice
from cnnlint.source.text import SourceText
from cnnlint.summary import ModelSummary

__all__ = ["Shape", "check", "check_source", "summarize"]

Shape: TypeAlias = str | Sequence[int] | InputShape
"""An input shape: ``"3x224x224"``, ``"mask=1x224x224"``, ``(1, 3, 224, 224)``."""


def check(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]],
    *,
    inputs: Sequence[Shape] | None = None,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
    extend_select: Iterable[str] = (),
    config: Sequence[str] = (),
    isolated: bool = False,
    jobs: int = 1,
) -> Report:
    """Lints the files at and below ``paths``, as ``cnnlint check`` does.

    ``inputs`` are the shapes of ``forward``'s arguments, in order; ``select``, ``ignore`` and ``extend_select`` take
    codes, prefixes, names and categories; ``config`` takes what ``--config`` takes; ``jobs`` is the number of
    processes, of which the caller's own is one if it is 1.

    Raises :class:`~cnnlint.errors.UserError` for settings, selectors and paths that cannot be used,
    :class:`ValueError` for a malformed shape."""
    given = [paths] if isinstance(paths, (str, PathLike)) else list(paths)
    options = _options(inputs, select, ignore, extend_select, config, isolated, jobs)
    return lint_files(find_files([Path(path) for path in given], options.resolver), options)


def check_source(
    text: str,
    filename: str = "<string>",
    *,
    inputs: Sequence[Shape] | None = None,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
    extend_select: Iterable[str] = (),
    config: Sequence[str] = (),
    isolated: bool = False,
) -> list[Finding]:
    """Lints ``text`` as the content of the file ``filename``, which need not exist.

    Imports are looked up from where that file would stand. Raises :class:`SyntaxError` if the text is not Python, and
    what :func:`check` raises."""
    options = _options(inputs, select, ignore, extend_select, config, isolated, 1)
    report = lint_text(SourceText(filename, text), Path(filename), options)
    for diagnostic in report.diagnostics:
        if diagnostic.kind == "syntax-error":
            raise SyntaxError(diagnostic.message, (filename, diagnostic.line, diagnostic.column, None))
    return list(report.findings)


def summarize(
    target: str,
    *,
    inputs: Sequence[Shape] | None = None,
    config: Sequence[str] = (),
    isolated: bool = False,
) -> list[ModelSummary]:
    """The models that ``target`` names, in numbers: ``PATH.py``, ``PATH.py:CALLABLE``, ``PATH.py:CALLABLE(ARGS)``.

    Raises :class:`~cnnlint.lint.targets.TargetError` if it names no model, and what :func:`check` raises."""
    return summarize_target(target, Resolver(config=config, isolated=isolated), _shapes(inputs))


def _options(
    inputs: Sequence[Shape] | None,
    select: Iterable[str] | None,
    ignore: Iterable[str],
    extend_select: Iterable[str],
    config: Sequence[str],
    isolated: bool,
    jobs: int,
) -> LintOptions:
    choice = Choice(None if select is None else tuple(select), tuple(extend_select), tuple(ignore))
    return LintOptions(Resolver(config=config, isolated=isolated), choice, _shapes(inputs), jobs)


def _shapes(shapes: Sequence[Shape] | None) -> tuple[InputShape, ...]:
    return tuple(
        shape if isinstance(shape, InputShape) else parse_shape(shape if isinstance(shape, str) else _text(shape))
        for shape in shapes or ()
    )


def _text(sizes: Sequence[int]) -> str:
    return "x".join(map(str, sizes))
