"""The model and inputs of an example call that the user's own code makes: ``model(torch.randn(1, 3, 32, 32))``.

Of the code before the call only the statements are run that the call needs, so that a ``__main__`` guard which also
trains does not train here.
"""

from __future__ import annotations

import ast
import sys
from types import ModuleType
from typing import Any

from torch import nn

from .slicing import Function, NoScript, names_in, refuse_arguments, touched


class NoExample(NoScript):
    """The example call cannot be run by itself, or never comes to the model."""


class _Reached(BaseException):
    """The example call; no ``except Exception`` of the user holds it up."""


def capture(
    module: ModuleType, program: ast.Module, path: str, example: dict[str, Any]
) -> tuple[nn.Module, tuple[Any, ...], dict[str, Any]]:
    """The model that ``program``, run in ``module``, calls at ``example``'s place with its arguments. The call itself
    is not made."""
    code = compile(program, path, "exec", dont_inherit=True)
    base: Any = nn.Module
    original = base.__call__
    found: list[Any] = []
    met: list[nn.Module] = []

    def call(model: nn.Module, *args: Any, **kwargs: Any) -> Any:
        caller = sys._getframe(1)
        at_line = example["line"] <= caller.f_lineno <= example["end_line"]
        if at_line and caller.f_code.co_filename == path and type(model).__name__ == example["type"] and not found:
            if not any(model is other for other in met):
                met.append(model)
            if len(met) > example["occurrence"]:
                found.extend((model, args, kwargs))
                raise _Reached
        return original(model, *args, **kwargs)

    base.__call__ = call  # catches the call wherever it is written
    try:
        exec(code, module.__dict__)
    except _Reached:
        pass
    finally:
        base.__call__ = original
    if not found:
        raise NoExample(f"line {example['line']}: the example call does not reach a {example['type']}")
    return found[0], found[1], found[2]


def example_program(tree: ast.Module, line: int) -> ast.Module:
    """What to run in the imported file: the statement at ``line`` and those before it, in the same function or at top
    level, that it depends on."""
    body: list[ast.stmt] = tree.body
    function: ast.stmt | None = None
    while True:
        index = next((i for i, s in enumerate(body) if s.lineno <= line <= (s.end_lineno or s.lineno)), None)
        if index is None:
            raise NoExample(f"line {line} holds no statement")
        statement = body[index]
        if isinstance(statement, Function):
            body, function = statement.body, statement
        elif isinstance(statement, ast.If) and function is None and _within(statement.body, line):
            body = statement.body
        else:
            break
    if function is not None:
        refuse_arguments(function)
    return ast.Module(_slice(body[: index + 1]), [])


def _within(body: list[ast.stmt], line: int) -> bool:
    return body[0].lineno <= line <= (body[-1].end_lineno or body[-1].lineno)


def _slice(statements: list[ast.stmt]) -> list[ast.stmt]:
    *before, last = statements
    kept, needed = [last], names_in([last])
    for statement in reversed(before):
        if touched(statement) & needed:
            kept.insert(0, statement)
            needed |= names_in([statement])
    return kept
