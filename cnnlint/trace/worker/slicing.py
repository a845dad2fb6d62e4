"""The statements of a file that have to run for what stands at certain lines, and no others.

So a script that also trains does not train here, and what its data loaders need is not looked for.
"""

from __future__ import annotations

import ast
from collections.abc import Collection

Function = (ast.FunctionDef, ast.AsyncFunctionDef)
_WHOLE = "_script"


class NoScript(Exception):
    """What stands at the lines cannot be run by itself."""


def script_at(tree: ast.Module, lines: Collection[int]) -> ast.Module:
    """The program that does what the statements at ``lines`` do: those at top level, a main guard's among them, or
    those of the first function that holds one and takes no arguments. Raises :class:`NoScript`."""
    top = _unguarded(tree.body)
    if any(_holds(statement, lines) and not isinstance(statement, (*Function, ast.ClassDef)) for statement in top):
        return ast.Module(_needed(top, lines, set()), [])
    function = next((s for s in top if isinstance(s, Function) and _holds(s, lines)), None)
    if function is None:
        raise NoScript(f"lines {min(lines)} to {max(lines)} stand in no function")
    refuse_arguments(function)
    body = _needed(function.body, lines, set())
    around = _needed([statement for statement in top if statement is not function], (), names_in(body))
    # Inside a function again, where `return` may stand.
    whole = ast.parse(f"def {_WHOLE}(): pass\n{_WHOLE}()").body
    assert isinstance(whole[0], ast.FunctionDef)
    whole[0].body = body
    return ast.fix_missing_locations(ast.Module([*around, *whole], []))


def refuse_arguments(function: ast.AST) -> None:
    """Raises :class:`NoScript` for a function that cannot be called without arguments."""
    assert isinstance(function, Function)
    arguments = function.args
    required = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    if required > 0 or any(default is None for default in arguments.kw_defaults):
        raise NoScript(f"line {function.lineno} stands in a function that takes arguments")


def _unguarded(body: list[ast.stmt]) -> list[ast.stmt]:
    """Top-level statements, with the body of ``if __name__ == "__main__"`` in its place."""
    found: list[ast.stmt] = []
    for statement in body:
        guard = isinstance(statement, ast.If) and "__name__" in names_in([statement.test])
        found += statement.body if isinstance(statement, ast.If) and guard else [statement]
    return found


def _holds(statement: ast.stmt, lines: Collection[int]) -> bool:
    return any(statement.lineno <= line <= (statement.end_lineno or statement.lineno) for line in lines)


def _needed(body: list[ast.stmt], lines: Collection[int], names: set[str]) -> list[ast.stmt]:
    """The statements that hold one of ``lines``, and all those before the last of them that bind or change a name they
    mention, wherever it is mentioned: what is changed late may be used early, by a function that runs later."""
    last = max((number for number, statement in enumerate(body) if _holds(statement, lines)), default=len(body) - 1)
    kept = {number for number, statement in enumerate(body) if _holds(statement, lines)}
    needed = names | names_in([body[number] for number in kept])
    changes = {number: touched(statement) | _handed(statement) for number, statement in enumerate(body[: last + 1])}
    while more := {n for n, changed in changes.items() if n not in kept and (changed & needed or "*" in changed)}:
        kept |= more
        needed |= names_in([body[number] for number in more])
    return [body[number] for number in sorted(kept)]


def names_in(nodes: Collection[ast.AST]) -> set[str]:
    """All names that the code mentions."""
    return {node.id for root in nodes for node in ast.walk(root) if isinstance(node, ast.Name)}


def touched(statement: ast.stmt) -> set[str]:
    """Names that a statement binds, assigns into, or calls a method of."""
    if isinstance(statement, (*Function, ast.ClassDef)):
        return {statement.name}
    found: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
            found |= _root(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            found |= _root(node.value.func)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return found


def _handed(statement: ast.stmt) -> set[str]:
    """Names that a statement hands to a function whose result it does not keep: ``freeze(model.body)``."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or (isinstance(call.func, ast.Name) and call.func.id == "print"):
        return set()
    return set().union(*(_root(argument) for argument in call.args))


def _root(node: ast.expr) -> set[str]:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()
