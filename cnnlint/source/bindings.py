"""Which names a statement binds in its scope, and which named things it changes in place."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

_INPLACE_BUILTINS = frozenset({"setattr", "delattr"})


class Effects:
    """What one statement does to the names of its scope, function and class bodies inside it left out.

    ``bound`` and ``changed`` are ordered sets: names assigned, and names whose value is changed in place
    (``NAME[k] = v``, ``NAME.a = v``, ``NAME.append(v)``). ``star`` tells of ``from x import *``.
    """

    __slots__ = ("bound", "changed", "star")

    def __init__(self) -> None:
        self.bound: dict[str, None] = {}
        self.changed: dict[str, None] = {}
        self.star = False


def effects(statement: ast.stmt, *, walrus: bool) -> Effects:
    """The effects of a statement. ``walrus`` says whether the file holds ``:=`` at all, which saves a walk over the
    expressions where it does not."""
    found = Effects()
    pending: list[ast.stmt] = [statement]
    while pending:
        current = pending.pop()
        read = _READERS.get(type(current).__name__)
        if read is not None:
            read(current, found)
        pending.extend(reversed(list(_nested(current))))
    if walrus:
        for name in _walruses(statement):
            found.bound[name] = None
    return found


def root_name(expression: ast.expr) -> str | None:
    """``NAME`` of ``NAME.a[0].b()``; nothing where the chain begins otherwise."""
    while True:
        match expression:
            case ast.Name(id=name):
                return name
            case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Starred(value=inner):
                expression = inner
            case ast.Call(func=inner):
                expression = inner
            case _:
                return None


def is_entry_guard(statement: ast.stmt) -> bool:
    """Whether this is ``if __name__ == "__main__":``, the operands in either order."""
    match statement:
        case ast.If(test=ast.Compare(left=left, ops=[ast.Eq()], comparators=[right])):
            return _is_main(left, right) or _is_main(right, left)
    return False


def _is_main(name: ast.expr, value: ast.expr) -> bool:
    match name, value:
        case ast.Name(id="__name__"), ast.Constant(value="__main__"):
            return True
    return False


def _nested(statement: ast.stmt) -> Iterator[ast.stmt]:
    """The statements in the blocks of a compound statement that run in the same scope."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return
    for block in ("body", "orelse", "finalbody"):
        yield from getattr(statement, block, ())
    for arm in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield from arm.body


def _target(target: ast.expr, found: Effects) -> None:
    pending = [target]
    while pending:
        match pending.pop():
            case ast.Name(id=name):
                found.bound[name] = None
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                pending.extend(reversed(parts))
            case ast.Starred(value=inner):
                pending.append(inner)
            case other:
                if name_ := root_name(other):
                    found.changed[name_] = None


def _assign(statement: ast.Assign, found: Effects) -> None:
    for target in statement.targets:
        _target(target, found)


def _single_target(statement: ast.AnnAssign | ast.AugAssign | ast.For | ast.AsyncFor, found: Effects) -> None:
    _target(statement.target, found)


def _definition(statement: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, found: Effects) -> None:
    found.bound[statement.name] = None


def _import(statement: ast.Import, found: Effects) -> None:
    for alias in statement.names:
        found.bound[alias.asname or alias.name.partition(".")[0]] = None


def _import_from(statement: ast.ImportFrom, found: Effects) -> None:
    for alias in statement.names:
        if alias.name == "*":
            found.star = True
        else:
            found.bound[alias.asname or alias.name] = None


def _with(statement: ast.With | ast.AsyncWith, found: Effects) -> None:
    for item in statement.items:
        if item.optional_vars is not None:
            _target(item.optional_vars, found)


def _try(statement: ast.Try, found: Effects) -> None:
    for handler in statement.handlers:
        if handler.name is not None:
            found.bound[handler.name] = None


def _match(statement: ast.Match, found: Effects) -> None:
    for case in statement.cases:
        for part in ast.walk(case.pattern):
            for field in ("name", "rest"):
                if (name := getattr(part, field, None)) is not None:
                    found.bound[name] = None


def _type_alias(statement: ast.stmt, found: Effects) -> None:
    # ast.TypeAlias exists from Python 3.12 on only.
    _target(statement.name, found)  # type: ignore[attr-defined]


def _expression(statement: ast.Expr, found: Effects) -> None:
    value = statement.value
    if isinstance(value, ast.Await):
        value = value.value
    match value:
        case ast.Call(func=ast.Attribute(value=inner)):
            changed = root_name(inner)
        case ast.Call(func=ast.Name(id=builtin), args=[first, *_]) if builtin in _INPLACE_BUILTINS:
            changed = root_name(first)
        case _:
            changed = None
    if changed is not None:
        found.changed[changed] = None


_READERS: dict[str, Callable[..., None]] = {
    "AnnAssign": _single_target,
    "Assign": _assign,
    "AsyncFor": _single_target,
    "AsyncFunctionDef": _definition,
    "AsyncWith": _with,
    "AugAssign": _single_target,
    "ClassDef": _definition,
    "Delete": _assign,
    "Expr": _expression,
    "For": _single_target,
    "FunctionDef": _definition,
    "Import": _import,
    "ImportFrom": _import_from,
    "Match": _match,
    "Try": _try,
    "TryStar": _try,
    "TypeAlias": _type_alias,
    "With": _with,
}


def _walruses(statement: ast.stmt) -> Iterator[str]:
    """Names bound by ``:=`` in this scope; a comprehension binds them in the scope around it."""
    pending: list[ast.AST] = [statement]
    while pending:
        current = pending.pop()
        match current:
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                yield name
                pending.append(value)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                pending.extend((*current.decorator_list, current.args))
            case ast.ClassDef():
                pending.extend((*current.decorator_list, *current.bases, *current.keywords))
            case ast.Lambda():
                pending.append(current.args)
            case _:
                pending.extend(ast.iter_child_nodes(current))
