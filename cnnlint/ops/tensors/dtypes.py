"""Element types by name, and torch's rules for what comes out when they meet.

``None`` is a type that is not known; it makes every result unknown that depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Any

from cnnlint.graph.dims import Sym
from cnnlint.ops.spec import Args, TensorLike

DEFAULT = "float32"

_ALIASES = {
    "float": "float32", "half": "float16", "double": "float64", "long": "int64", "int": "int32", "short": "int16",
    "cfloat": "complex64", "cdouble": "complex128", "chalf": "complex32",
}  # fmt: skip

_INTEGERS = ("int8", "int16", "int32", "int64")
_FLOATS = ("float16", "bfloat16", "float32", "float64")
_COMPLEX = ("complex32", "complex64", "complex128")
_EXOTIC = ("uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz")
_COMPLEX_OF = {"float16": "complex32", "bfloat16": "complex64", "float32": "complex64", "float64": "complex128"}

_CATEGORY = {"bool": 0, "uint8": 1} | dict.fromkeys(_INTEGERS, 1) | dict.fromkeys(_FLOATS, 2)
_CATEGORY |= dict.fromkeys(_COMPLEX, 3)

ITEM_SIZE = {
    "bool": 1, "uint8": 1, "int8": 1, "int16": 2, "int32": 4, "int64": 8, "float16": 2, "bfloat16": 2, "float32": 4,
    "float64": 8, "complex32": 4, "complex64": 8, "complex128": 16,
}  # fmt: skip
"""Bytes an element takes."""


def dtype_named(value: Any) -> str | None:
    """The canonical name of a dtype written ``"torch.half"``; ``None`` if ``value`` is no dtype."""
    if not isinstance(value, str) or not value.startswith("torch."):
        return None
    name = _ALIASES.get(value[6:], value[6:])
    return name if name in _CATEGORY or name in _EXOTIC else None


def wanted_dtype(args: Args, default: str | None) -> str | None:
    """The element type that the argument ``dtype`` asks for, or ``default``."""
    given = args.bound.get("dtype")
    return default if given is None else dtype_named(given)


def category(dtype: str | None) -> int | None:
    """0 for bool, 1 for integers, 2 for floats, 3 for complex numbers."""
    return None if dtype is None else _CATEGORY.get(dtype)


def is_integral(dtype: str | None) -> bool:
    """Whether the type is certainly an integer or bool."""
    return dtype is not None and _CATEGORY.get(dtype, 9) < 2


def is_floating(dtype: str | None) -> bool:
    """Whether the type is certainly a real floating-point type."""
    return dtype in _FLOATS


def is_complex(dtype: str | None) -> bool:
    return dtype in _COMPLEX


def promote(left: str | None, right: str | None) -> str | None:
    """``torch.promote_types``; ``None`` where a side is not known or exotic."""
    if left == right:
        return left
    low, high = category(left), category(right)
    if left is None or right is None or low is None or high is None:
        return None
    if low > high:
        left, right, low, high = right, left, high, low
    if low == high:
        return _within(left, right, low)
    if high == 3 and low == 2:
        return _within(_COMPLEX_OF[left], right, 3)
    return right


def _within(left: str, right: str, group: int) -> str:
    if left == right:
        return left
    if group == 1:
        if "uint8" in (left, right):
            other = right if left == "uint8" else left
            return "int16" if other == "int8" else other
        return max(left, right, key=_INTEGERS.index)
    if group == 2:
        if {left, right} == {"float16", "bfloat16"}:
            return "float32"
        return max(left, right, key=_FLOATS.index)
    return max(left, right, key=_COMPLEX.index)


def result_type(operands: Iterable[Any]) -> str | None:
    """``torch.result_type`` of tensors and Python numbers: tensors with axes come before tensors without, those
    before numbers, and a later group counts only if its category is higher."""
    groups: list[list[str | None]] = [[], [], []]
    for operand in operands:
        if isinstance(operand, TensorLike):
            groups[1 if operand.shape == () else 0].append(operand.dtype)
        else:
            groups[2].append(number_dtype(operand))
    first, *rest = (reduce(promote, group) for group in groups if group)
    return reduce(_combined, rest, first)


def _combined(before: str | None, after: str | None) -> str | None:
    high, low = category(before), category(after)
    if before is None or high is None or low is None:
        return before if high == 3 else None
    if high == 2:
        return _COMPLEX_OF[before] if low == 3 else before
    return promote(before, after) if low > high else before


def number_dtype(number: Any) -> str:
    """The type a Python number has as a tensor."""
    if isinstance(number, bool):
        return "bool"
    if isinstance(number, int | Sym):
        return "int64"
    return "complex64" if isinstance(number, complex) else DEFAULT


def can_cast(source: str | None, target: str | None) -> bool:
    """Whether a result of type ``source`` may be stored in a tensor of type ``target``: not from a higher category
    to a lower one, save that bool and integers differ in one direction only."""
    low, high = category(target), category(source)
    return low is None or high is None or high <= low


def to_float(dtype: str | None) -> str | None:
    """The type of ``exp`` and the like: integers become the default floating type."""
    return DEFAULT if is_integral(dtype) else dtype


def to_real(dtype: str | None) -> str | None:
    """The type of ``abs``: a complex number's magnitude is real."""
    return {"complex32": "float16", "complex64": "float32", "complex128": "float64"}.get(dtype or "", dtype)
