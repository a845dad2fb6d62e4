"""Files as values: imports, and the names of a file on demand."""

from __future__ import annotations

import ast
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import libcst as cst

from cnnlint.source.syntax import Unparsable
from cnnlint.source.text import SourceProblem
from cnnlint.static.classes import run_statement
from cnnlint.static.frame import Frame, ModuleEnv
from cnnlint.static.signals import Raised
from cnnlint.static.syntax import dotted_name
from cnnlint.static.values import MISSING, External, Site, Unknown, Value

if TYPE_CHECKING:
    from cnnlint.source.index import Statement
    from cnnlint.static.interpreter import Interpreter


_MADE_NAMES = ("globals()", "sys.modules[", "__dict__")
"""What a file mentions that makes names which no statement binds."""


def open_file(it: Interpreter, path: Path) -> ModuleEnv | None:
    """The file (or namespace package) at ``path`` as a module; ``None`` if it cannot be read."""
    env = it.modules.get(path)
    if env is None:
        index = None
        if not path.is_dir():
            try:
                index = it.project.load(path)
            except SourceProblem:
                return None
        env = it.modules[path] = ModuleEnv(it.project.module_name(path)[0], path, index)
    return env


def file_name(it: Interpreter, env: ModuleEnv, name: str) -> Value:
    """What ``name`` is bound to at the top level of a file; ``MISSING`` if nothing binds it."""
    if env.index is None:
        return MISSING
    statements = env.index.scope.by_name.get(name, ())
    for statement in () if env.in_order else statements:
        if statement not in env.done and name not in env.running:
            _run(it, env, name, statements)
            break
    if name in env.names:
        return env.names[name]
    return MISSING if name in env.running else _through_stars(it, env, name)


def _through_stars(it: Interpreter, env: ModuleEnv, name: str) -> Value:
    """Look behind ``from x import *``, each file once."""
    assert env.index is not None
    env.running.add(name)
    try:
        found = (_from_star(it, env, name, statement) for statement in env.index.scope.stars)
        return next((value for value in found if value is not MISSING), MISSING)
    finally:
        env.running.discard(name)


def _run(it: Interpreter, env: ModuleEnv, name: str, statements: tuple[Statement, ...]) -> None:
    """Run the statements that bind or change ``name``, in order."""
    env.running.add(name)
    try:
        for statement in statements:
            if statement not in env.done:
                run_late(it, env, statement)
    finally:
        env.running.discard(name)


def run_late(it: Interpreter, env: ModuleEnv, statement: Statement) -> None:
    """Run a top-level statement of a file now that something asks for what it does."""
    env.done.add(statement)
    frame = Frame(env, statement, env.names, module_level=True)
    try:
        with it.deeper(), it.aside(), _somewhere(it, statement):
            run_statement(it, statement, frame)
    except Raised as raised:
        _leave_unknown(it, env, statement, f"its definition raises {raised.name}: {raised.text}")
    except Unparsable as problem:
        _leave_unknown(it, env, statement, f"its definition is not read: {problem.reason}")


def _somewhere(it: Interpreter, statement: Statement) -> AbstractContextManager[None]:
    """What the first statement evaluated calls is called by that statement."""
    if it.recorder.sites:
        return nullcontext()
    node = statement.header() if statement.kind in ("class", "function") else statement.parse()
    return it.recorder.inside(Site(statement, node))


def _leave_unknown(it: Interpreter, env: ModuleEnv, statement: Statement, why: str) -> None:
    """A statement of a file that fails leaves its names unknown; the file is not run as a whole."""
    for bound in statement.names:
        if bound not in env.names:
            env.names[bound] = it.unknown(why)


def _from_star(it: Interpreter, env: ModuleEnv, name: str, statement: Statement) -> Value:
    node = statement.parse()
    imported = node.body[0] if isinstance(node, cst.SimpleStatementLine) else node
    if name.startswith("_") or not isinstance(imported, cst.ImportFrom):
        return MISSING
    source = _source_module(it, env, imported)
    if isinstance(source, External):
        from cnnlint.static.externals import knows

        found = f"{source.path}.{name}"
        if knows(found):
            from cnnlint.static.externals import external

            return external(found)
        return MISSING
    if not isinstance(source, ModuleEnv) or name in source.running:
        return MISSING
    with it.deeper():
        return file_name(it, source, name)


def file_attribute(it: Interpreter, env: ModuleEnv, name: str) -> Value:
    """``module.name``: a name of the file, or a file below the package. ``None`` if there is neither."""
    found = file_name(it, env, name)
    if found is not MISSING:
        return found
    if env.package:
        folder = env.path.parent if env.index is not None else env.path
        for candidate in (folder / f"{name}.py", folder / name / "__init__.py", folder / name):
            if candidate.exists():
                return open_file(it, candidate)
    found = env.names.get(name, MISSING)
    if found is MISSING:
        found = bound_by_call(it, env, name)
    if found is not MISSING:
        return found
    hook = file_name(it, env, "__getattr__")
    if hook is not MISSING:
        return Unknown(f"{env.name}.{name} is made by the module's __getattr__")
    if env.index is not None and env.index.scope.stars:
        return Unknown(f"{env.name}.{name} may come from a star import that is not read")
    if env.index is not None and any(word in env.index.text.text for word in _MADE_NAMES):
        return Unknown(f"{env.name}.{name} may be made when the file runs")
    return None


def bound_by_call(it: Interpreter, env: ModuleEnv, name: str) -> Value:
    """What a top-level call that is told ``__name__`` binds ``name`` to: ``setattr(sys.modules[__name__], ...)``.
    ``MISSING`` if none does."""
    for statement in env.index.scope.statements if env.index is not None else ():
        if statement not in env.done and _tells_name(statement.node):
            run_late(it, env, statement)
    return env.names.get(name, MISSING)


def _tells_name(node: ast.stmt) -> bool:
    match node:
        case ast.Expr(value=ast.Call(args=args)):
            return any(isinstance(part, ast.Name) and part.id == "__name__" for arg in args for part in ast.walk(arg))
    return False


def _source_module(it: Interpreter, env: ModuleEnv, node: cst.ImportFrom) -> Value:
    module = dotted_name(node.module) or "" if node.module is not None else ""
    return import_module(it, env, module, len(node.relative))


def import_module(it: Interpreter, env: ModuleEnv, module: str, level: int = 0) -> Value:
    """The module of that name as seen from ``env``: a file that is read, or a library's name."""
    from cnnlint.static.externals import external, tabled

    path = it.project.resolve(module, level, env.path) if level or not tabled(module) else None
    if path is not None:
        found = open_file(it, path)
        if found is not None:
            return found
    if level:
        return it.unknown(f"the module {'.' * level}{module} is not found")
    return external(module)


def import_names(it: Interpreter, node: cst.ImportFrom, frame: Frame) -> None:
    """``from module import a, b as c``."""
    from cnnlint.static.names import bind_name

    if isinstance(node.names, cst.ImportStar):
        return  # looked through when a name is missing
    source = _source_module(it, frame.env, node)
    for alias in node.names:
        name = alias.name.value if isinstance(alias.name, cst.Name) else ""
        bound = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else name
        bind_name(it, bound, _imported(it, source, name, Site(frame.statement, alias)), frame)


def _imported(it: Interpreter, source: Value, name: str, site: Site) -> Value:
    from cnnlint.static.attributes import get_attribute

    if isinstance(source, ModuleEnv):
        found = file_attribute(it, source, name)
        if found is None and name not in source.names:
            raise Raised(ImportError, f"cannot import name {name!r} from {source.name!r}")
        return found
    try:
        return get_attribute(it, source, name, site)
    except Raised as raised:
        if raised.kind is not AttributeError:
            raise
        raise Raised(ImportError, f"cannot import name {name!r}") from None


def import_modules(it: Interpreter, node: cst.Import, frame: Frame) -> None:
    """``import a.b.c`` binds ``a``; ``import a.b as c`` binds the module ``a.b``."""
    from cnnlint.static.names import bind_name

    for alias in node.names:
        module = dotted_name(alias.name) or ""
        if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
            bind_name(it, alias.asname.name.value, import_module(it, frame.env, module), frame)
        else:
            top = module.partition(".")[0]
            bind_name(it, top, import_module(it, frame.env, top), frame)
