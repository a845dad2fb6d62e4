"""Models that a user names: ``PATH.py``, ``PATH.py:CALLABLE``, ``PATH.py:CALLABLE(ARGS)``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cnnlint.config import Resolver
from cnnlint.graph.model import ModelGraph
from cnnlint.graph.shapes import InputShape
from cnnlint.lint.session import open_project, read_options
from cnnlint.source.text import SourceProblem
from cnnlint.static.reader import Reader, TargetError
from cnnlint.summary import ModelSummary, summary_of

__all__ = ["TargetError", "read_target", "summarize"]


def read_target(
    target: str,
    resolver: Resolver,
    inputs: Sequence[InputShape] = (),
    *,
    sizes: bool = False,
    training: bool = False,
) -> tuple[ModelGraph, ...]:
    """The networks that ``target`` names, with the input ``sizes`` that work if asked, in evaluation or ``training``
    mode. Raises :class:`TargetError`, and
    :class:`~cnnlint.config.ConfigError` for settings that cannot be used."""
    resolved = resolver.for_file(Path(target.partition(".py:")[0]))
    options = replace(read_options(resolved, inputs, symbolic_batch=False), sizes=sizes, training=training)
    reader = Reader(open_project(resolved, resolver.cwd, {}), options=options)
    try:
        return reader.read_target(target)
    except SourceProblem as problem:
        raise TargetError(str(problem)) from problem


def summarize(
    target: str,
    resolver: Resolver,
    inputs: Sequence[InputShape] = (),
    *,
    sizes: bool = False,
    training: bool = False,
) -> list[ModelSummary]:
    """The numbers of the networks that ``target`` names. Raises as :func:`read_target` does."""
    return [summary_of(graph) for graph in read_target(target, resolver, inputs, sizes=sizes, training=training)]
