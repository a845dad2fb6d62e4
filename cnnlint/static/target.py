"""Targets on the command line: ``PATH.py``, ``PATH.py:CALLABLE``, ``PATH.py:CALLABLE(name=value)``."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class TargetError(Exception):
    """A target that cannot be read; the text says what was expected and what to do."""


@dataclass(frozen=True)
class Target:
    """A file, and a class or builder in it with literal arguments."""

    path: Path
    callable: str = ""
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """As the user would write it."""
        if not self.callable:
            return self.path.as_posix()
        given = [repr(arg) for arg in self.args] + [f"{name}={value!r}" for name, value in self.kwargs.items()]
        return f"{self.path.as_posix()}:{self.callable}({', '.join(given)})"


_TARGET = re.compile(r"(?P<path>.+?\.py)(?::(?P<callable>[A-Za-z_][\w.]*)(?P<args>\(.*\))?)?", re.DOTALL)


def parse_target(text: str) -> Target:
    """Read a target. Raises :class:`TargetError`."""
    found = _TARGET.fullmatch(text)
    if found is None:
        raise TargetError(f"{text!r} is not a target: expected PATH.py, PATH.py:NAME or PATH.py:NAME(argument=value)")
    path = Path(found["path"])
    if not path.is_file():
        raise TargetError(f"{path.as_posix()}: no such file")
    args, kwargs = parse_arguments(found["args"] or "()", text)
    return Target(path, found["callable"] or "", args, kwargs)


def parse_arguments(text: str, target: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Literal arguments in parentheses. Raises :class:`TargetError`."""
    try:
        call = ast.parse(f"f{text}", mode="eval").body
        if not isinstance(call, ast.Call):
            raise ValueError("no call")
        args = tuple(ast.literal_eval(arg) for arg in call.args)
        kwargs = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise TargetError(
            f"{target}: the arguments {text} are not literals: expected numbers, strings, tuples, lists, "
            "True, False or None"
        ) from None
    return args, kwargs
