"""The statements of a file that have to run for what stands at certain lines, and no others.

So a script that also trains does not train here, and what its data loaders need is not looked for.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable

Function = (ast.FunctionDef, ast.AsyncFunctionDef)
_INNER = (*Function, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_WHOLE = "_script"


class NoScript(Exception):
    """What stands at the lines cannot be run by itself."""


def script_at(tree: ast.Module, lines: Collection[int], *, handed: bool = True) -> ast.Module:
    """The program that does what the statements at ``lines`` do: those at top level, a main guard's among them, or
    those of the first function that holds one and takes no arguments. ``handed`` is whether a function that is handed
    something may change it. Raises :class:`NoScript`."""
    top = _unguarded(tree.body)
    modules = _imported(tree)
    if any(_holds(statement, lines) and not isinstance(statement, (*Function, ast.ClassDef)) for statement in top):
        return ast.Module(_needed(top, lines, set(), modules, handed), [])
    function = next((s for s in top if isinstance(s, Function) and _holds(s, lines)), None)
    if function is None:
        raise NoScript(f"lines {min(lines)} to {max(lines)} stand in no function")
    refuse_arguments(function)
    body = _needed(function.body, lines, set(), modules, handed)
    others = [statement for statement in top if statement is not function]
    around = _needed(others, (), names_in(body), modules, handed)
    # Inside a function again, where `return` may stand.
    whole = ast.parse(f"def {_WHOLE}(): pass\n{_WHOLE}()").body
    assert isinstance(whole[0], ast.FunctionDef)
    whole[0].body = body
    return ast.fix_missing_locations(ast.Module([*around, *whole], []))


def definitions(tree: ast.Module, name: str) -> ast.Module | None:
    """The program that binds ``name`` and does nothing else; ``None`` where nothing at top level binds it."""
    if not any(name in touched(statement) for statement in tree.body):
        return None
    return ast.Module(_needed(tree.body, (), {name}, _imported(tree), handed=False), [])


def does_things(tree: ast.Module) -> bool:
    """Whether importing the file does more than define things, as a notebook's code would."""
    return any(
        isinstance(statement, (ast.For, ast.While, ast.With))
        or (isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant))
        for statement in tree.body
    )


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


def _imported(tree: ast.Module) -> set[str]:
    imports = [s for s in ast.walk(tree) if isinstance(s, (ast.Import, ast.ImportFrom))]
    return set().union(*map(touched, imports))


def _holds(statement: ast.stmt, lines: Collection[int]) -> bool:
    return any(statement.lineno <= line <= (statement.end_lineno or statement.lineno) for line in lines)


def _needed(
    body: list[ast.stmt], lines: Collection[int], names: set[str], modules: set[str], handed: bool
) -> list[ast.stmt]:
    """The statements that hold one of ``lines``, and all those before the last of them that bind or change a name they
    mention, wherever it is mentioned: what is changed late may be used early, by a function that runs later. Calling
    a function of one of the ``modules`` (``torch.save``) is taken not to change that."""
    last = max((number for number, statement in enumerate(body) if _holds(statement, lines)), default=len(body) - 1)
    kept = {number for number, statement in enumerate(body) if _holds(statement, lines)}
    needed = names | names_in([body[number] for number in kept])
    changes = {
        number: touched(statement, modules) | (_handed(statement) if handed else set())
        for number, statement in enumerate(body[: last + 1])
    }
    while more := {n for n, changed in changes.items() if n not in kept and (changed & needed or "*" in changed)}:
        kept |= more
        needed |= names_in([body[number] for number in more])
    return [body[number] for number in sorted(kept)]


def names_in(nodes: Iterable[ast.AST]) -> set[str]:
    """All names that the code mentions, those apart that a function in it binds for itself."""
    return set().union(*map(_names, nodes))


def _names(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Name):
        return {node.id}
    found = names_in(ast.iter_child_nodes(node))
    if isinstance(node, _INNER):
        inside = list(ast.walk(node))
        bound = {name.id for name in inside if isinstance(name, ast.Name) and not isinstance(name.ctx, ast.Load)}
        found -= bound | {argument.arg for argument in inside if isinstance(argument, ast.arg)}
    return found


def touched(statement: ast.stmt, modules: Collection[str] = ()) -> set[str]:
    """Names that a statement binds, assigns into, or calls a method of, ``modules`` apart."""
    if isinstance(statement, (*Function, ast.ClassDef)):
        return {statement.name}
    found: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
            found |= _root(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            found |= _root(node.value.func) - set(modules)
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
