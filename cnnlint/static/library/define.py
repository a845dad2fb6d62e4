"""How handlers are collected."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from cnnlint.graph.dims import Sym
from cnnlint.static.operators import PYTHON_ERRORS, first_unknown, is_unknown
from cnnlint.static.signals import Raised
from cnnlint.static.values import Site, TensorValue, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

Args: TypeAlias = list[Value]
Kwargs: TypeAlias = dict[str, Value]
Handler: TypeAlias = Callable[["Interpreter", list[Value], dict[str, Value], Site], Value]


class Table(dict[str, Handler]):
    """Handlers by full name."""

    def add(self, *names: str) -> Callable[[Handler], Handler]:
        """Decorator: the handler of these functions."""

        def register(handler: Handler) -> Handler:
            for name in names:
                self[name] = handler
            return handler

        return register


def plain(function: Callable[..., Any]) -> Handler:
    """The handler that calls a side-effect-free Python function when every argument is known."""

    def handler(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
        given = [*args, *kwargs.values()]
        if any(is_unknown(arg) or isinstance(arg, Sym | TensorValue) or it.haze(arg) for arg in given):
            return first_unknown(it, site, *given)
        try:
            return function(*args, **kwargs)
        except PYTHON_ERRORS as error:
            raise Raised(type(error), str(error)) from None

    return handler


def argument(args: list[Value], kwargs: dict[str, Value], position: int, name: str, default: Value = None) -> Value:
    """An argument by position or name."""
    return args[position] if len(args) > position else kwargs.get(name, default)
