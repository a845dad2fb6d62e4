"""Reading a file as a script: its top-level code in order, then functions and classes that nobody calls."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cnnlint.graph.script import ScriptView
from cnnlint.source.syntax import Unparsable
from cnnlint.static.attributes import find_in_class
from cnnlint.static.calls import call
from cnnlint.static.classes import run_statement
from cnnlint.static.entries import unknown_arguments
from cnnlint.static.externals import MODULE
from cnnlint.static.frame import Frame, ModuleEnv
from cnnlint.static.imports import file_name, open_file
from cnnlint.static.interpreter import Interpreter
from cnnlint.static.library.trainers import take_steps
from cnnlint.static.library.training import LIGHTNING_MODULE
from cnnlint.static.recorder import Recorder
from cnnlint.static.scriptlog import ScriptLog
from cnnlint.static.scriptview import make_view
from cnnlint.static.signals import Exhausted, Raised, Signal
from cnnlint.static.values import Class, Function, Instance, ModuleInstance, Site, births

if TYPE_CHECKING:
    from cnnlint.source.imports import Project
    from cnnlint.source.index import Statement

MAX_STEPS = 300_000
MAX_SCOPES = 24

_TRAINING = re.compile(
    r"requires_grad|\boptim\b|(?:CrossEntropy|NLL|BCE|BCEWithLogits)Loss|cross_entropy|nll_loss|"
    r"configure_optimizers"
)
_HEAD = re.compile(r"\.(?:fc|classifier|heads?)\b[^=\n]*=[^=]")
_METHODS = ("configure_optimizers", "training_step", "fit", "train_model", "run")
"""Methods of a class that nobody instantiates which are entered, in this order."""


def read_scripts(project: Project, path: Path, *, symbolic_batch: bool) -> tuple[ScriptView, ...]:
    """What the scripts of a file do to models: one view for each scope in which something was found."""
    text = project.load(path).text
    if "torch" not in text.text or not _of_interest(text.text, text.text):
        return ()
    recorder = Recorder()
    it = Interpreter(project, recorder, steps=MAX_STEPS)
    recorder.interpreter = it
    it.script = ScriptLog()
    env = open_file(it, path)
    if env is None or env.index is None:
        return ()
    views = (make_view(it, env.index, start, complete, symbolic_batch) for start, complete in _scopes(it, env))
    return tuple(view for view in views if view is not None)


def _of_interest(text: str, file: str) -> bool:
    return bool(_TRAINING.search(text)) or ("torchvision" in file and bool(_HEAD.search(text)))


def _scopes(it: Interpreter, env: ModuleEnv) -> Iterator[tuple[int, bool]]:
    """Run one scope after the other: the number of the first instance each makes, and whether it ran to its end."""
    assert it.script is not None
    start = births()
    yield start, _run_top(it, env)
    for statement in _uncalled(env)[:MAX_SCOPES]:
        it.script.restart()
        start = births()
        yield start, _finishes(it, lambda statement=statement: _enter(it, env, statement))


def _run_top(it: Interpreter, env: ModuleEnv) -> bool:
    """The file's own code, in program order, the ``__main__`` guard included."""
    assert env.index is not None
    scope = env.index.scope
    code = [statement for statement in scope.statements if statement.kind not in ("function", "class", "import")]
    env.done.update(code)
    complete = True
    for statement in code:
        frame = Frame(env, statement, env.names, module_level=True)
        if statement in scope.entry_guard:
            complete &= _finishes(it, lambda s=statement, f=frame: _run_guard(it, s, f))
        else:
            complete &= _finishes(it, lambda s=statement, f=frame: run_statement(it, s, f))
        for name in statement.names:
            env.names.setdefault(name, it.unknown(f"{name} is not known"))
    return complete


def _run_guard(it: Interpreter, statement: Statement, frame: Frame) -> None:
    node = statement.parse()
    for item in getattr(getattr(node, "body", None), "body", ()):
        it.execute(item, frame)


def _finishes(it: Interpreter, action: object) -> bool:
    """Do it; whether it came to its end."""
    before = it.certain
    try:
        action()  # type: ignore[operator]
    except Raised as raised:
        return raised.kind is SystemExit
    except Signal as signal:
        return not isinstance(signal, Exhausted)
    except Unparsable:
        return False
    finally:
        it.certain = before
    return True


# ---- what nobody calls ----------------------------------------------------------------------------------------------


def _uncalled(env: ModuleEnv) -> list[Statement]:
    """Functions and classes with training code that the rest of the file does not name."""
    assert env.index is not None
    text = env.index.text.text
    statements = [s for s in env.index.scope.statements if s.kind in ("function", "class")]
    named: dict[str, set[Statement]] = {}
    for statement in env.index.scope.statements:
        for node in ast.walk(statement.node):
            if isinstance(node, ast.Name):
                named.setdefault(node.id, set()).add(statement)
    lines = env.index.text.lines
    return [
        s for s in statements
        if not named.get(s.names[0], set()) - {s}
        and _of_interest("\n".join(lines[s.node.lineno - 1 : s.node.end_lineno]), text)
    ]  # fmt: skip


def _enter(it: Interpreter, env: ModuleEnv, statement: Statement) -> None:
    found = file_name(it, env, statement.names[0])
    site = Site(statement, statement.header())
    with it.recorder.inside(site):
        if isinstance(found, Function):
            call(it, found, [], unknown_arguments(it, found, site), site)
        elif isinstance(found, Class) and (found.is_subclass(MODULE) or _methods(it, found)):
            made = call(it, found, [], unknown_arguments(it, found, site), site)
            if isinstance(made, ModuleInstance) and found.is_subclass(LIGHTNING_MODULE):
                take_steps(it, made, site)
                return
            for method in _methods(it, found) if isinstance(made, Instance) else ():
                given = unknown_arguments(it, method, site)
                given.pop(method.code.params[0].name if method.code.params else "", None)
                call(it, method, [made], given, site)


def _methods(it: Interpreter, cls: Class) -> list[Function]:
    found = [find_in_class(it, cls, name) for name in _METHODS]
    return [method for method in found if isinstance(method, Function)]
