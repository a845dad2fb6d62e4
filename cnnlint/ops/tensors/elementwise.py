"""Element-wise functions of one tensor."""

from __future__ import annotations

import math
import operator as op
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Elementwise
from cnnlint.ops.spec import Args, Entry, FunctionSpec, Result, TensorSpec, refuse
from cnnlint.ops.tensors.define import both, in_place, operator
from cnnlint.ops.tensors.dtypes import is_complex, is_floating, is_integral, to_float, to_real
from cnnlint.ops.tensors.values import cast, compute


@dataclass(frozen=True, slots=True)
class Unary:
    """How a function of one tensor behaves. ``result`` is its element type, a key of :data:`RESULTS`; ``takes`` names
    what it accepts."""

    compute: Callable[[Any], Any] | None
    result: str = "same"
    takes: str = "any"
    linear: bool = False
    aliases: tuple[str, ...] = ()


RESULTS: dict[str, Callable[[str | None], str | None]] = {
    "same": lambda dtype: dtype,
    "float": to_float,
    "real": to_real,
    "number": lambda dtype: "int64" if dtype == "bool" else dtype,
    "bool": lambda dtype: "bool",
}
"""The element type that comes out: as it went in; floating; real for complex; no bool; bool."""


def _float(compute: Callable[[float], float] | None, *aliases: str, takes: str = "any") -> Unary:
    return Unary(compute, "float", takes, aliases=aliases)


def _sign(value: float) -> float:
    return value if math.isnan(value) else (value > 0) - (value < 0)


def _logarithm(function: Callable[[float], float]) -> Callable[[float], float]:
    def log(value: float) -> float:
        if value == 0:
            return -math.inf
        return math.nan if value < 0 else function(value)

    return log


def _root(value: float) -> float:
    return math.nan if value < 0 else math.sqrt(value)


def _reciprocal(value: float) -> float:
    return 1 / value if value else math.inf


def _whole(function: Callable[[float], float]) -> Callable[[float], float]:
    """Rounding that leaves infinities alone."""
    return lambda value: function(value) if math.isfinite(value) else value


TABLE = {
    "abs": Unary(abs, "real", "no bools", aliases=("absolute",)),
    "neg": Unary(op.neg, takes="no bools", linear=True, aliases=("negative",)),
    "positive": Unary(op.pos, takes="no bools", linear=True),
    "sign": Unary(_sign, takes="real"),
    "sgn": Unary(None),
    "square": Unary(lambda value: value * value, "number"),
    "floor": Unary(_whole(math.floor), takes="real"),
    "ceil": Unary(_whole(math.ceil), takes="real"),
    "trunc": Unary(_whole(math.trunc), takes="real", aliases=("fix",)),
    "frac": Unary(None, takes="floats"),
    "bitwise_not": Unary(lambda value: not value if isinstance(value, bool) else ~value, takes="integers"),
    "logical_not": Unary(op.not_, "bool"),
    "isnan": Unary(lambda value: value != value, "bool"),
    "isinf": Unary(math.isinf, "bool"),
    "isfinite": Unary(math.isfinite, "bool"),
    "isposinf": Unary(lambda value: value == math.inf, "bool", "real"),
    "isneginf": Unary(lambda value: value == -math.inf, "bool", "real"),
    "signbit": Unary(None, "bool", "real"),
    "exp": _float(math.exp),
    "exp2": _float(lambda value: 2.0**value),
    "expm1": _float(math.expm1),
    "log": _float(_logarithm(math.log)),
    "log2": _float(_logarithm(math.log2)),
    "log10": _float(_logarithm(math.log10)),
    "log1p": _float(lambda value: _logarithm(math.log)(1 + value)),
    "sqrt": _float(_root),
    "rsqrt": _float(lambda value: _reciprocal(_root(value))),
    "reciprocal": _float(_reciprocal),
    "sin": _float(math.sin),
    "cos": _float(math.cos),
    "tan": _float(math.tan),
    "asin": _float(math.asin, "arcsin"),
    "acos": _float(math.acos, "arccos"),
    "atan": _float(math.atan, "arctan"),
    "sinh": _float(math.sinh),
    "cosh": _float(math.cosh),
    "asinh": _float(math.asinh, "arcsinh"),
    "acosh": _float(math.acosh, "arccosh"),
    "atanh": _float(math.atanh, "arctanh"),
    "erf": _float(math.erf, takes="real"),
    "erfc": _float(math.erfc, takes="real"),
    "erfinv": _float(None, takes="real"),
    "lgamma": _float(None, takes="real"),
    "digamma": _float(None, takes="real"),
    "sinc": _float(None),
    "deg2rad": _float(math.radians, takes="real"),
    "rad2deg": _float(math.degrees, takes="real"),
}

_NO_METHOD_IN_PLACE = {"positive", "isnan", "isinf", "isfinite", "isposinf", "isneginf", "signbit"}


def wants_type(name: str, takes: str, dtype: str | None) -> None:
    """Refuse an element type that the function ``name`` is not defined for."""
    bad = {
        "real": is_complex(dtype),
        "floats": is_integral(dtype) or is_complex(dtype),
        "integers": is_floating(dtype) or is_complex(dtype),
        "no bools": dtype == "bool",
    }
    if bad.get(takes, False):
        refuse(ProblemKind.DTYPE, f"cannot compute {name} on {dtype} tensors", got=dtype)


def _entry(name: str, rule: Unary) -> Entry:
    def entry(args: Args) -> Result:
        tensor = args.tensor("input")
        dtype = tensor.dtype
        wants_type(name, rule.takes, dtype)
        out = RESULTS[rule.result](dtype)
        known = None if tensor.values is None or is_complex(dtype) else compute(rule.compute, tensor.values)
        return Result(TensorSpec(tensor.shape, out, cast(known, out)), Elementwise(name, linear=rule.linear))

    return entry


_PLAIN = tuple(both(name, "input, *, out=None", _entry(name, rule), *rule.aliases) for name, rule in TABLE.items())
_BY_NAME = {spec.name: spec for spec in _PLAIN}

FUNCTIONS: tuple[FunctionSpec, ...] = (
    *_PLAIN,
    *(in_place(spec) for spec in _PLAIN if spec.name not in _NO_METHOD_IN_PLACE),
    *(operator(python, _BY_NAME[name].entry, "input") for python, name in
      (("neg", "neg"), ("pos", "positive"), ("invert", "bitwise_not"), ("abs", "abs"))),
)  # fmt: skip
