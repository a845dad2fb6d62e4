"""``math``, ``operator``, ``random`` and the scalar functions of ``numpy``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from cnnlint.graph import dims
from cnnlint.graph.dims import Sym
from cnnlint.static.iteration import items_of
from cnnlint.static.library.define import Handler, Table, plain
from cnnlint.static.library.numeric import array_of, numpy_functions
from cnnlint.static.operators import BINARY, binary, compare, first_unknown
from cnnlint.static.signals import Raised
from cnnlint.static.values import Ratio, Site, Unknown, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

MATHEMATICS = Table()
MAX_COUNTED = 1000
_NAMES = [
    "sqrt",
    "exp",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "atan2",
    "sinh",
    "cosh",
    "tanh",
    "fabs",
    "pow",
    "hypot",
    "isclose",
    "isnan",
    "isinf",
    "isfinite",
    "gcd",
    "lcm",
    "copysign",
    "fmod",
    "degrees",
    "radians",
    "trunc",
    "cbrt",
    "exp2",
    "expm1",
    "erf",
]
for _name in _NAMES:
    MATHEMATICS[f"math.{_name}"] = plain(getattr(math, _name))
for _name in ("sqrt", "exp", "log", "log2", "log10", "sin", "cos", "tan", "tanh", "isnan"):
    MATHEMATICS[f"numpy.{_name}"] = plain(getattr(math, _name))


def _counting(function: Callable[..., int]) -> Handler:
    """``math.comb`` and its kin, whose results outgrow every budget."""
    handler = plain(function)

    def small(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
        if any(isinstance(arg, int) and arg > MAX_COUNTED for arg in args):
            return it.unknown("an enormous integer", site)
        return handler(it, args, kwargs, site)

    return small


for _name in ("comb", "perm", "factorial"):
    MATHEMATICS[f"math.{_name}"] = _counting(getattr(math, _name))


def _towards(round_up: bool, python: Handler) -> Handler:
    def handler(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
        value = args[0] if args else None
        if isinstance(value, Unknown) and value.name:
            value = value.as_dim()
        if isinstance(value, Sym):
            return value
        if isinstance(value, Ratio):
            top, bottom = value.numerator, value.denominator
            return dims.ceil_div(top, bottom) if round_up else top // bottom
        return python(it, args, kwargs, site)

    return handler


MATHEMATICS["math.floor"] = _towards(False, plain(math.floor))
MATHEMATICS["math.ceil"] = _towards(True, plain(math.ceil))
MATHEMATICS["numpy.floor"] = _towards(False, plain(lambda value: float(math.floor(value))))
MATHEMATICS["numpy.ceil"] = _towards(True, plain(lambda value: float(math.ceil(value))))
MATHEMATICS["numpy.round"] = MATHEMATICS["numpy.around"] = plain(round)


@MATHEMATICS.add("math.prod", "numpy.prod", "numpy.product")
def _product(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    items = items_of(it, args[0]) if args and not isinstance(args[0], int) else args[:1]
    if items is None:
        return first_unknown(it, site, *args)
    total: Value = kwargs.get("start", 1)
    for item in items:
        total = binary(it, "mul", total, item, site)
    return total


def _builtin(name: str) -> Handler:
    def handler(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
        from cnnlint.static.builtins import BUILTINS
        from cnnlint.static.calls import call

        return call(it, BUILTINS[name], args, kwargs, site)

    return handler


for _name in ("abs", "sum", "max", "min"):
    MATHEMATICS[f"numpy.{_name}"] = _builtin(_name)
for _short, _long in {"int": "int", "int32": "int", "int64": "int", "float32": "float", "float64": "float"}.items():
    MATHEMATICS[f"numpy.{_short}"] = _builtin(_long)
for _name in ("math.fsum",):
    MATHEMATICS[_name] = _builtin("sum")


def _operator(name: str) -> Handler:
    return lambda it, args, kwargs, site: binary(it, name, args[0], args[1], site)


def _comparison(name: str) -> Handler:
    return lambda it, args, kwargs, site: compare(it, name, args[0], args[1], site)


for _name in BINARY:
    MATHEMATICS[f"operator.{_name}"] = _operator(_name)
for _name in ("lt", "le", "gt", "ge"):
    MATHEMATICS[f"operator.{_name}"] = _comparison(_name)


@MATHEMATICS.add("operator.itemgetter", "operator.attrgetter")
def _getter(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    from cnnlint.static.subscripts import get_item
    from cnnlint.static.values import Native

    if len(args) != 1 or isinstance(args[0], str):
        return it.unknown("a getter of attributes or of several items", site)
    return Native("itemgetter", lambda it, given, kw, site: get_item(it, given[0], args[0], site))


def _array(function: str) -> Handler:
    """A numpy array is a constant tensor here: the same shapes, indexing and numbers."""

    def handler(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
        from cnnlint.static.torchcalls import call_function

        given = {{"num": "steps", "dtype": ""}.get(name, name): value for name, value in kwargs.items()}
        given.pop("", None)
        if function == "torch.linspace" and len(args) < 3:
            given.setdefault("steps", 50)
        it.guarded += 1
        try:
            given_args = args[:1] if function == "torch.tensor" else args  # the second is numpy's dtype
            return array_of(call_function(it, function, given_args, given, site))
        except Raised:
            return it.unknown("an array that is not followed", site)
        finally:
            it.guarded -= 1

    return handler


for _name, _function in {"linspace": "linspace", "arange": "arange", "array": "tensor", "asarray": "tensor"}.items():
    MATHEMATICS[f"numpy.{_name}"] = _array(f"torch.{_function}")


MATHEMATICS |= numpy_functions(MATHEMATICS)


def _random(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    return it.unknown("a random number", site)


for _name in ("random", "randint", "choice", "uniform", "sample", "shuffle", "gauss", "randrange"):
    MATHEMATICS[f"random.{_name}"] = _random
