"""Running a file as a program: its statements in order, as ``python file.py`` would, up to the first that raises."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cnnlint.graph.model import Failure
from cnnlint.source.syntax import Unparsable
from cnnlint.static.classes import run_statement
from cnnlint.static.frame import Frame, ModuleEnv
from cnnlint.static.imports import open_file
from cnnlint.static.interpreter import Interpreter
from cnnlint.static.recorder import Recorder
from cnnlint.static.signals import Raised, Signal
from cnnlint.static.values import Value

if TYPE_CHECKING:
    from cnnlint.source.imports import Project

MAX_STEPS = 300_000

_DEFINITIONS = frozenset({"class", "function", "import", "type"})
_OWN_LIMITS = (MemoryError, OverflowError, RecursionError)
"""What evaluation raises where it would cost too much to go on."""
_ELSEWHERE = (SystemExit, KeyboardInterrupt, ImportError)
"""What ends a program on purpose, or depends on what is installed."""


@dataclass(frozen=True)
class Run:
    """What following a program showed: where it certainly raises, if it does, and what its names stand for then."""

    failure: Failure | None
    names: dict[str, Value]


def run_program(project: Project, path: Path) -> Failure | None:
    """Where the program in the file at ``path`` certainly raises; ``None`` if nothing is known to.

    Nothing of the file is executed: it is evaluated like a model, and models that it calls are run on what it calls
    them with."""
    return evaluate(project, path).failure


def evaluate(project: Project, path: Path) -> Run:
    """Follow a program to its end or to the first statement that raises."""
    recorder = Recorder()
    it = Interpreter(project, recorder, steps=MAX_STEPS)
    recorder.interpreter = it
    it.live = True
    env = open_file(it, path)
    if env is None or env.index is None or not _acts(env):
        return Run(None, {})
    env.names["__name__"] = "__main__"
    env.in_order = True
    failure = None
    try:
        _run(it, env)
    except Raised as raised:
        failure = _failure(raised, env) if _is_followed(it, raised) else None
    except (Signal, Unparsable):
        pass
    return Run(failure, env.names)


def _acts(env: ModuleEnv) -> bool:
    """Whether the file's top level does more than define, with torch. One that imports from its own package is no
    program."""
    assert env.index is not None
    statements = env.index.scope.statements
    if "torch" not in env.index.text.text:
        return False
    if any(isinstance(statement.node, ast.ImportFrom) and statement.node.level for statement in statements):
        return False
    return any(statement.kind not in _DEFINITIONS for statement in statements)


def _run(it: Interpreter, env: ModuleEnv) -> None:
    assert env.index is not None
    for statement in env.index.scope.statements:
        if statement in env.done:
            continue
        env.done.add(statement)
        run_statement(it, statement, Frame(env, statement, env.names, module_level=True))


def _is_followed(it: Interpreter, raised: Raised) -> bool:
    """Whether all that led to an error is known. What torch refuses hangs on tensors alone. Of other files only the
    statements that are asked for run, and hooks do not, so what Python itself would say of objects is not certain."""
    if raised.source:
        return True
    return len(it.modules) == 1 and not it.hooked and not (raised.explicit and it.machine_asked)


def _failure(raised: Raised, env: ModuleEnv) -> Failure | None:
    kinds = (raised.kind,) if isinstance(raised.kind, type) else ()
    if raised.site is None or not raised.certain or any(issubclass(kind, _OWN_LIMITS + _ELSEWHERE) for kind in kinds):
        return None
    if env.index is None or raised.site.statement.file is not env.index:
        return None
    return Failure(raised.as_problem(), raised.site.span, raised.source or raised.name, "")
