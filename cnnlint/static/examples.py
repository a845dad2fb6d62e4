"""Example calls as evidence of input sizes: those of the file's own code, then those of the project's other files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from cnnlint.graph.model import Evidence, EvidenceKind
from cnnlint.source.syntax import Unparsable
from cnnlint.static.calls import call
from cnnlint.static.imports import file_name, open_file
from cnnlint.static.signals import Exhausted, Signal
from cnnlint.static.values import Site, TensorValue, Value

if TYPE_CHECKING:
    from pathlib import Path

    from cnnlint.source.index import Statement
    from cnnlint.static.frame import ModuleEnv
    from cnnlint.static.interpreter import Interpreter
    from cnnlint.static.recorder import Example
    from cnnlint.static.running import Entry

_INPUT_MADE = re.compile(r"\b(?:randn?|zeros|ones|empty|summary|profile|export|get_model_complexity_info)\(")
_MAX_FILES = 8
_STEPS = 100_000
"""What looking into one other file may cost."""


def makes_inputs(text: str) -> bool:
    """Whether a program's text may make example inputs."""
    return _INPUT_MADE.search(text) is not None


def fed_by_example(it: Interpreter, env: ModuleEnv, entry: Entry) -> Entry:
    """The entry on the inputs that the project's code calls such a model with, if it does and always with the same.

    Such a model may have been built with other arguments: the entry is ``borrowed``."""
    with _aside(it):
        _run_code(it, env)
    found = _agreed(it, entry)
    if found is None and entry.root.cls.env is env:
        with _aside(it):
            _look_around(it, env, entry.root.cls.name)
        found = _agreed(it, entry)
    if found is None:
        return entry
    evidence = Evidence(EvidenceKind.EXAMPLE, found.site.span)
    return replace(entry, evidence=evidence, args=found.args, kwargs=found.kwargs, borrowed=True)


@contextmanager
def _aside(it: Interpreter) -> Iterator[None]:
    """What fails or stays unknown inside is no matter of any model."""
    failures, unknowns, steps = list(it.recorder.failures), dict(it.unknowns), it.steps
    try:
        yield
    except (Exhausted, Unparsable):
        pass
    finally:
        it.recorder.failures, it.unknowns, it.steps = failures, unknowns, steps


def _agreed(it: Interpreter, entry: Entry) -> Example | None:
    """The first example call of the entry's class, unless another has inputs of other sizes."""
    calls = [e for e in it.recorder.examples if e.module.cls is entry.root.cls and _shapes(e) is not None]
    return calls[0] if calls and len({_shapes(example) for example in calls}) == 1 else None


def _shapes(example: Example) -> tuple[object, ...] | None:
    """The sizes of the inputs without their batch; nothing where one is not known."""
    given = (*example.args, *example.kwargs.values())
    shapes = [value.shape[1:] for value in given if isinstance(value, TensorValue) and value.shape]
    return tuple(shapes) if given and len(shapes) == len(given) else None


def _run_code(it: Interpreter, env: ModuleEnv) -> None:
    """Run a file's top-level code and its functions that try a model out."""
    from cnnlint.static.entries import run_script

    if env.path in it.explored:
        return
    it.explored.add(env.path)
    for _ in run_script(it, env, ""):
        pass
    assert env.index is not None
    for statement in env.index.scope.statements:
        if isinstance(statement.node, ast.FunctionDef) and _tries_out(statement):
            function: Value = file_name(it, env, statement.names[0])
            site = Site(statement, statement.header())
            try:
                with it.recorder.inside(site):
                    call(it, function, [], {}, site)
            except Exhausted:
                raise
            except Signal:
                continue


def _tries_out(statement: Statement) -> bool:
    """Whether a statement of a file is code that may call a model on inputs it makes, or a function of such code that
    needs no arguments: ``def test(): net(torch.randn(1, 3, 32, 32))``."""
    node = statement.node
    if isinstance(node, ast.ClassDef | ast.AsyncFunctionDef):
        return False
    if isinstance(node, ast.FunctionDef) and (node.decorator_list or len(node.args.args) > len(node.args.defaults)):
        return False
    return makes_inputs(ast.unparse(node))


def _look_around(it: Interpreter, env: ModuleEnv, name: str) -> None:
    """Run the code of the project's other files that name the class and make inputs."""
    if (env.path, name) in it.explored:
        return
    it.explored.add((env.path, name))
    for path in _neighbours(it, env, name):
        other = open_file(it, path)
        if other is None or other.index is None or not any(map(_tries_out, other.index.scope.statements)):
            continue
        it.steps = _STEPS
        _run_code(it, other)


def _neighbours(it: Interpreter, env: ModuleEnv, name: str) -> list[Path]:
    """The files in which the class may be used that name it and make inputs."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    files = it.project.around(env.path).items()
    return list(
        islice(
            (path for path, text in files if path != env.path and word.search(text) and makes_inputs(text)), _MAX_FILES
        )
    )
