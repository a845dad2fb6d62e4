"""Element-wise operations on two operands: arithmetic, comparisons, logic."""

from __future__ import annotations

import math
import operator as op
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Elementwise, Merge, MergeKind, Operation
from cnnlint.ops.spec import Args, Entry, FunctionSpec, Result, TensorLike, TensorSpec, refuse
from cnnlint.ops.tensors.broadcasting import broadcast, wants_broadcast
from cnnlint.ops.tensors.define import both, function, in_place, operator
from cnnlint.ops.tensors.dtypes import category, is_complex, is_floating, is_integral, result_type, to_float
from cnnlint.ops.tensors.operands import computed, operand, shapes, wants_tensor
from cnnlint.ops.tensors.values import Values, cast, compute

Compute = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Binary:
    """How an operation on two operands behaves. ``result`` is the type of its result: ``same`` as the operands
    together, ``float``, ``double``, or ``bool``; ``takes`` names categories it accepts; ``linear`` the operand (0 or
    1) in which it is affine when the other is a number, or 2 for either."""

    compute: Compute | None
    result: str = "same"
    takes: str = "any"
    merge: MergeKind | None = None
    linear: int | None = None


def power(base: Any, exponent: Any) -> Any:
    """``base ** exponent``, without building integers that no element could hold."""
    if isinstance(base, int) and isinstance(exponent, int) and abs(base).bit_length() * exponent > 128:
        raise OverflowError
    value = base**exponent
    if isinstance(value, complex):
        raise ValueError
    return value


def divide(left: Any, right: Any) -> float:
    """Division as floating-point hardware does it."""
    if right:
        return float(left / right)
    if not left or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


TABLE = {
    "add": Binary(op.add, merge=MergeKind.ADD, linear=2),
    "sub": Binary(op.sub, takes="no bools", merge=MergeKind.ADD, linear=2),
    "mul": Binary(op.mul, merge=MergeKind.MULTIPLY, linear=2),
    "div": Binary(divide, "float", linear=0),
    "floor_divide": Binary(op.floordiv, takes="some real"),
    "remainder": Binary(op.mod, takes="some real"),
    "fmod": Binary(math.fmod, takes="some real"),
    "pow": Binary(power),
    "maximum": Binary(max, takes="real"),
    "minimum": Binary(min, takes="real"),
    "fmax": Binary(max, takes="real"),
    "fmin": Binary(min, takes="real"),
    "atan2": Binary(math.atan2, "float", takes="real"),
    "hypot": Binary(math.hypot),
    "copysign": Binary(math.copysign, "float", takes="real"),
    "eq": Binary(op.eq, "bool"),
    "ne": Binary(op.ne, "bool"),
    "lt": Binary(op.lt, "bool", takes="real"),
    "le": Binary(op.le, "bool", takes="real"),
    "gt": Binary(op.gt, "bool", takes="real"),
    "ge": Binary(op.ge, "bool", takes="real"),
    "logical_and": Binary(lambda left, right: bool(left) and bool(right), "bool"),
    "logical_or": Binary(lambda left, right: bool(left) or bool(right), "bool"),
    "logical_xor": Binary(lambda left, right: bool(left) != bool(right), "bool"),
    "bitwise_and": Binary(op.and_, takes="integers"),
    "bitwise_or": Binary(op.or_, takes="integers"),
    "bitwise_xor": Binary(op.xor, takes="integers"),
    "bitwise_left_shift": Binary(None, takes="some integer"),
    "bitwise_right_shift": Binary(None, takes="some integer"),
    "xlogy": Binary(None, "float"),
    "ldexp": Binary(None, "float"),
    "logaddexp": Binary(None, takes="real"),
    "logaddexp2": Binary(None, takes="real"),
    "float_power": Binary(None, "double"),
}


def combine(name: str, left: Any, right: Any) -> Result:
    """The operation ``name`` on two operands, each a tensor or a number."""
    rule, pair = TABLE[name], (left, right)
    dtype = result_type(pair)
    _wants_types(rule, name, dtype, pair)
    if name == "pow" and is_integral(dtype) and isinstance(right, int) and right < 0:
        refuse(ProblemKind.ARGUMENT, f"raises integers to the negative power {right}", got=right)
    if name in ("floor_divide", "remainder", "fmod") and is_integral(dtype) and _is_zero(right):
        refuse(ProblemKind.ARGUMENT, "divides integers by zero", got="0")
    meeting = _operation(rule, name, pair)
    out = {"bool": "bool", "float": to_float(dtype), "double": _double(dtype)}.get(rule.result, dtype)
    operands = shapes(pair)
    shape = wants_broadcast(operands, lambda: Result(TensorSpec(broadcast(*operands), out), meeting))
    return Result(TensorSpec(shape, out, _values(rule, pair, shape, dtype, out)), meeting)


def _values(rule: Binary, pair: tuple[Any, Any], shape: Any, dtype: str | None, out: str | None) -> Values:
    if is_complex(dtype):
        return None
    return cast(computed(rule.compute, pair, shape), out)


def _wants_types(rule: Binary, name: str, dtype: str | None, pair: tuple[Any, Any]) -> None:
    kind = category(dtype)
    bad = (
        ("integer" in rule.takes and (is_floating(dtype) or is_complex(dtype)))
        or ("real" in rule.takes and is_complex(dtype))
        or (rule.takes == "no bools" and any(map(_is_bool, pair)))
        or ("some" in rule.takes and all(map(_is_bool, pair)))
    )
    if kind is not None and bad:
        refuse(ProblemKind.DTYPE, f"cannot compute {name} on {dtype} tensors", got=dtype)


def _double(dtype: str | None) -> str | None:
    return None if dtype is None else "complex128" if is_complex(dtype) else "float64"


def _is_bool(value: Any) -> bool:
    return value.dtype == "bool" if isinstance(value, TensorLike) else isinstance(value, bool)


def _is_zero(value: Any) -> bool:
    """Whether an element of ``value`` is certainly zero."""
    elements = value.values if isinstance(value, TensorLike) else (value,)
    return elements is not None and any(isinstance(element, int) and element == 0 for element in elements)


def _operation(rule: Binary, name: str, pair: tuple[Any, Any]) -> Operation:
    tensors = [isinstance(value, TensorLike) for value in pair]
    if all(tensors):
        return Merge(name, rule.merge) if rule.merge else Elementwise(name)
    return Elementwise(name, linear=rule.linear == 2 or rule.linear == tensors.index(True))


def _entry(name: str, left_scalar: bool = False, right_scalar: bool = True) -> Entry:
    """The operation on ``input`` and ``other``; each may be a number where that is said."""

    def entry(args: Args) -> Result:
        left, right = operand(args, "input", left_scalar), operand(args, "other", right_scalar)
        wants_tensor((left, right))
        return combine(name, left, right)

    return entry


def _scaled(name: str, swap: bool = False) -> Entry:
    """``add`` and ``sub``, whose second operand is first multiplied by ``alpha``."""

    def entry(args: Args) -> Result:
        left, right, alpha = operand(args, "input", False), operand(args, "other"), operand(args, "alpha")
        return combine(name, right, _times(left, alpha)) if swap else combine(name, left, _times(right, alpha))

    return entry


def _times(value: Any, alpha: Any) -> Any:
    if isinstance(alpha, int) and alpha == 1:
        return value
    if isinstance(value, TensorLike):
        return TensorSpec(value.shape, value.dtype, computed(op.mul, (value, alpha), value.shape or ()))
    products = compute(op.mul, (value,), (alpha,)) if not isinstance(value, bool) else None
    return products[0] if products else value


def _divide(args: Args) -> Result:
    left, right = operand(args, "input", False), operand(args, "other")
    mode = args["rounding_mode"]
    if mode is None:
        return combine("div", left, right)
    if mode == "floor":
        return combine("floor_divide", left, right)
    if mode != "trunc":
        refuse(ProblemKind.ARGUMENT, f"rounding_mode must be None, 'trunc' or 'floor', gets {mode!r}", got=repr(mode))
    dtype = result_type((left, right))
    result = combine("div", left, right)
    values = result.output.values
    if is_integral(dtype) and _is_zero(right):
        refuse(ProblemKind.ARGUMENT, "divides integers by zero", got="0")
    whole = cast(None if values is None else compute(math.trunc, values), dtype)
    return Result(TensorSpec(result.output.shape, dtype, whole), Elementwise("div"))


def _comparison(name: str) -> Entry:
    """``==`` and ``!=`` between a tensor and something that is no number: Python's own answer."""

    def entry(args: Args) -> Result:
        if any(args[key] is None or isinstance(args[key], str | list | tuple | dict) for key in ("input", "other")):
            return Result(name == "ne")
        return compare(args)

    compare = _entry(name, True)
    return entry


_ALIASES = {
    "ne": ("not_equal",), "lt": ("less",), "le": ("less_equal",), "gt": ("greater",), "ge": ("greater_equal",),
    "atan2": ("arctan2",),
}  # fmt: skip
_TENSORS_ONLY = {"maximum", "minimum", "fmax", "fmin", "atan2", "hypot", "logical_and", "logical_or", "logical_xor"}
_TENSORS_ONLY |= {"ldexp", "logaddexp", "logaddexp2"}
_NUMBER_FIRST = {"pow", "remainder", "bitwise_and", "bitwise_or", "bitwise_xor", "xlogy"}
_NUMBER_FIRST |= {"bitwise_left_shift", "bitwise_right_shift"}

_SCALED = (
    both("add", "input, other, *, alpha=1, out=None", _scaled("add")),
    both("sub", "input, other, *, alpha=1, out=None", _scaled("sub"), "subtract"),
)
_DIVISIONS = (
    both("div", "input, other, *, rounding_mode=None, out=None", _divide, "divide"),
    both("true_divide", "input, other, *, out=None", _entry("div")),
    both("mul", "input, other, *, out=None", _entry("mul"), "multiply"),
)


def _pow(args: Args) -> Result:
    base, exponent = operand(args, "input"), operand(args, "exponent")
    wants_tensor((base, exponent))
    return combine("pow", base, exponent)


def _plain(name: str) -> FunctionSpec:
    entry = _entry(name, name in _NUMBER_FIRST, name not in _TENSORS_ONLY)
    return both(name, "input, other, *, out=None", entry, *_ALIASES.get(name, ()))


_PLAIN = (
    *(_plain(name) for name in TABLE if name not in ("add", "sub", "mul", "div", "pow")),
    both("pow", "input, exponent, *, out=None", _pow),
)

_OPERATORS = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "floordiv": "floor_divide", "mod": "remainder",
    "pow": "pow", "and_": "bitwise_and", "or_": "bitwise_or", "xor": "bitwise_xor", "lshift": "bitwise_left_shift",
    "rshift": "bitwise_right_shift", "lt": "lt", "le": "le", "gt": "gt", "ge": "ge",
}  # fmt: skip
_INPLACE_OPERATORS = (
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "and_",
    "or_",
    "xor",
    "lshift",
    "rshift",
)


def _operators() -> tuple[FunctionSpec, ...]:
    plain = [operator(python, _entry(name, True)) for python, name in _OPERATORS.items()]
    equal = [operator(name, _comparison(name)) for name in ("eq", "ne")]
    specs = {spec.names[0]: spec for spec in plain}
    writing = [in_place(specs[f"operator.{name}"], f"operator.i{name.rstrip('_')}") for name in _INPLACE_OPERATORS]
    return (*plain, *equal, *writing)


_WRITING = (
    *_SCALED,
    *_DIVISIONS,
    *(spec for spec in _PLAIN if spec.name not in ("maximum", "minimum", "fmax", "fmin", "logaddexp", "logaddexp2")),
)

FUNCTIONS: tuple[FunctionSpec, ...] = (
    *_SCALED,
    *_DIVISIONS,
    *_PLAIN,
    function("rsub", "input, other, *, alpha=1", _scaled("sub", swap=True)),
    *(in_place(spec) for spec in _WRITING),
    *_operators(),
)
