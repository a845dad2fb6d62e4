"""Python's operators on values of which some are not known.

Questions answer ``True``, ``False`` or ``None``; ``None`` means that both are possible.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cnnlint.graph import dims
from cnnlint.graph.dims import Dim, Sym
from cnnlint.static.interpreter import MAX_BITS, MAX_ITEMS, MAX_TEXT
from cnnlint.static.signals import Raised
from cnnlint.static.values import (
    Class,
    EnumMember,
    External,
    Function,
    Instance,
    Iteration,
    ModuleInstance,
    Names,
    Native,
    Ratio,
    Site,
    TensorValue,
    UnionType,
    Unknown,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv,
    "floordiv": operator.floordiv, "mod": operator.mod, "pow": operator.pow, "matmul": operator.matmul,
    "and_": operator.and_, "or_": operator.or_, "xor": operator.xor, "lshift": operator.lshift,
    "rshift": operator.rshift,
}  # fmt: skip
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
}  # fmt: skip
UNARY: dict[str, Callable[[Any], Any]] = {"neg": operator.neg, "pos": operator.pos, "invert": operator.invert}
_PLAIN_KEYS = frozenset((str, int, float, bool, type(None)))
SEQUENCES = (list, tuple, str, bytes)
PYTHON_ERRORS = (
    TypeError, ValueError, ZeroDivisionError, OverflowError, KeyError, IndexError, AttributeError, ArithmeticError,
    LookupError, UnicodeError, StopIteration, RuntimeError,
)  # fmt: skip


def truth(it: Interpreter, value: Value) -> bool | None:
    """Whether ``value`` counts as true."""
    match value:
        case Unknown() | Ratio():
            return None
        case Sym():
            return True if dims.lower(value) > 0 or dims.upper(value) < 0 else None
        case TensorValue(values=(single,)):
            return bool(single)
        case TensorValue() | External():
            return None
        case ModuleInstance():
            sized = _dunder(it, value, "__len__")
            if sized is None and value.cls.container_kind:
                return bool(value.modules)
            return True if sized is None else truth(it, sized)
        case Instance():
            for name in ("__bool__", "__len__"):
                answer = _dunder(it, value, name)
                if answer is not None:
                    return truth(it, answer)
            return bool(value.payload) if value.payload is not None else True
        case Iteration() | Class() | EnumMember():
            return True
        case list() | dict() | set() if it.haze(value):
            return True if value else None
        case _:
            return bool(value)


def _dunder(it: Interpreter, value: Instance, name: str, *args: Value) -> Value | None:
    """The result of a class's special method; ``None`` if it defines none."""
    from cnnlint.static.attributes import find_in_class
    from cnnlint.static.calls import call

    found = find_in_class(it, value.cls, name)
    if not isinstance(found, Function | Native):
        return None
    return call(it, found, [value, *args], {}, None)


def equal(it: Interpreter, left: Value, right: Value) -> bool | None:
    """``left == right``."""
    if left is right and not isinstance(left, Unknown):
        return None if isinstance(left, TensorValue) else True
    match left, right:
        case (Unknown(), None) | (None, Unknown()):
            return None
        case (Unknown(), _) | (_, Unknown()) | (TensorValue(), _) | (_, TensorValue()) | (Ratio(), _) | (_, Ratio()):
            return None
        case (Sym(), int() | Sym()) | (int(), Sym()):
            if dims.same(left, right):
                return True
            return False if dims.differ(left, right) else None
        case (list(), list()) | (tuple(), tuple()):
            if it.haze(left) or it.haze(right):
                return None
            if len(left) != len(right):
                return False
            return _all(equal(it, a, b) for a, b in zip(left, right, strict=True))
        case (dict(), dict()):
            if it.haze(left) or it.haze(right) or left.keys() != right.keys():
                return None if it.haze(left) or it.haze(right) else False
            return _all(equal(it, left[key], right[key]) for key in left)
        case (EnumMember(), EnumMember()):
            return left.cls is right.cls and left.name == right.name
        case (EnumMember(), _) | (_, EnumMember()):
            member, other = (left, right) if isinstance(left, EnumMember) else (right, left)
            return equal(it, member.value, other) if any(base.pytype for base in member.cls.mro) else False
        case (External(), _) | (_, External()):
            return left == right if isinstance(left, External) and isinstance(right, External) else None
        case (Instance(), _):
            answer = _dunder(it, left, "__eq__", right)
            if answer is None and left.cls.has("dataclass") and isinstance(right, Instance) and left.cls is right.cls:
                return equal(it, dict(left.attrs), dict(right.attrs))
            return False if answer is None else truth(it, answer)
        case _:
            return bool(left == right)


def _all(answers: Any) -> bool | None:
    undecided = False
    for answer in answers:
        if answer is False:
            return False
        undecided = undecided or answer is None
    return None if undecided else True


def identical(left: Value, right: Value) -> bool | None:
    """``left is right``."""
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return None
    if isinstance(left, External) and isinstance(right, External):
        return left == right
    if isinstance(left, EnumMember) and isinstance(right, EnumMember):
        return left.cls is right.cls and left.name == right.name
    if isinstance(left, int | str | float) and isinstance(right, int | str | float):
        return type(left) is type(right) and left == right
    return left is right


def contains(it: Interpreter, container: Value, item: Value, site: Site) -> bool | None:
    """``item in container``."""
    from cnnlint.static.iteration import items_of

    if isinstance(container, Instance) and not isinstance(container, ModuleInstance):
        answer = _dunder(it, container, "__contains__", item)
        if answer is not None:
            return truth(it, answer)
    if isinstance(container, str | bytes):
        try:
            return item in container
        except TypeError as error:
            raise Raised(TypeError, str(error)) from None
    if isinstance(container, ModuleInstance):
        return item in container.modules if isinstance(item, str) else None
    if isinstance(container, Names):
        from cnnlint.static.externals import knows

        return True if isinstance(item, str) and knows(f"{container.path}.{item}") else None
    if isinstance(container, dict | set | frozenset) and _is_plain_key(item) and not it.haze(container):
        if item in container:
            return True
        if type(item) is str and not _is_complete(it, container, item, site):
            return True if item in container else None
        if all(map(_is_plain_key, container)):
            return False
    items = items_of(it, container)
    if items is None:
        return None
    undecided = False
    for candidate in items:
        answer = equal(it, candidate, item)
        if answer:
            return True
        undecided = undecided or answer is None
    return None if undecided else False


def _is_complete(it: Interpreter, container: Value, key: str, site: Site) -> bool:
    from cnnlint.static.registration import complete

    return complete(it, container, key, site)


def _is_plain_key(key: Value) -> bool:
    """Whether Python's own hash and equality tell this key from others."""
    return type(key) in _PLAIN_KEYS or (type(key) is tuple and all(map(_is_plain_key, key)))


def compare(it: Interpreter, name: str, left: Value, right: Value, site: Site) -> Value:
    """``left < right`` and its kin."""
    if _argument_and_number(left, right) or _argument_and_number(right, left):
        return first_unknown(it, site, left, right)
    left, right = _as_size(left, right)
    if isinstance(left, TensorValue) or isinstance(right, TensorValue):
        return tensor_operator(it, name, left, right, site)
    sizes = isinstance(left, int | float | Sym) and isinstance(right, int | float | Sym)
    if sizes and (isinstance(left, Sym) or isinstance(right, Sym)):
        answer = _compare_sizes(name, left, right)
        return it.unknown("depends on an input size", site) if answer is None else answer
    if is_unknown(left) or is_unknown(right):
        return first_unknown(it, site, left, right)
    if isinstance(left, Instance):
        answer = _dunder(it, left, f"__{name}__", right)
        if answer is not None:
            return answer
    try:
        return COMPARE[name](left, right)
    except PYTHON_ERRORS as error:
        return _refused(it, error, left, right, site)


def _argument_and_number(value: Value, other: Value) -> bool:
    """An argument that is not known need not be a size: it may be a rate, or -1."""
    return isinstance(value, Unknown) and isinstance(other, int | float)


def _compare_sizes(name: str, left: Any, right: Any) -> bool | None:
    if isinstance(left, float) or isinstance(right, float):
        low, high = _gap_bounds(left, right)
    else:
        low, high = dims.lower(left - right), dims.upper(left - right)
    decided: dict[str, tuple[bool, bool]] = {
        "lt": (high < 0, low >= 0), "le": (high <= 0, low > 0), "gt": (low > 0, high <= 0), "ge": (low >= 0, high < 0),
    }  # fmt: skip
    yes, no = decided[name]
    return True if yes else False if no else None


def _gap_bounds(left: Any, right: Any) -> tuple[float, float]:
    ends = [(dims.lower(side), dims.upper(side)) if isinstance(side, Sym) else (side, side) for side in (left, right)]
    return ends[0][0] - ends[1][1], ends[0][1] - ends[1][0]


def _member_value(operand: Value) -> Value:
    """A member that computes is one of an ``IntEnum`` or ``StrEnum``."""
    return operand.value if isinstance(operand, EnumMember) and isinstance(operand.value, int | str) else operand


def binary(it: Interpreter, name: str, left: Value, right: Value, site: Site, inplace: bool = False) -> Value:
    """``left + right`` and its kin."""
    if type(left) is int and type(right) is int:
        return _of_integers(it, name, left, right)  # by far the most frequent
    if name == "mod" and isinstance(left, str | bytes) and not _is_plain(right):
        return first_unknown(it, site, right)
    if isinstance(left, TensorValue) or isinstance(right, TensorValue):
        return tensor_operator(it, name, left, right, site, inplace)
    for operand, other, dunder in ((left, right, f"__{name.rstrip('_')}__"), (right, left, f"__r{name.rstrip('_')}__")):
        if isinstance(operand, Instance):
            answer = _dunder(it, operand, dunder, other)
            if answer is not None:
                return answer
            if operand.payload is not None and not isinstance(operand, ModuleInstance):
                left, right = (_payload(left), _payload(right))
    left, right = _as_size(_member_value(left), _member_value(right))
    if isinstance(left, Sym) or isinstance(right, Sym):
        return _binary_sizes(it, name, left, right, site)
    if is_unknown(left) or is_unknown(right):
        return first_unknown(it, site, left, right)
    if isinstance(left, ModuleInstance) and left.cls.container_kind and name == "add":
        return _add_modules(it, left, right, site)
    if name == "or_" and (isinstance(left, _TYPES) or isinstance(right, _TYPES)):
        return _union(it, left, right, site)
    _guard_size(it, name, left, right)
    try:
        result = BINARY[name](left, right)
    except PYTHON_ERRORS as error:
        return _refused(it, error, left, right, site)
    hazy = it.haze(left) or it.haze(right)
    if hazy is not None and isinstance(result, list | set | dict):
        it.make_hazy(result, hazy)
    return result


def _of_integers(it: Interpreter, name: str, left: int, right: int) -> Value:
    _guard_size(it, name, left, right)
    try:
        return BINARY[name](left, right)
    except PYTHON_ERRORS as error:
        raise Raised(type(error), str(error)) from None


_TYPES = (Class, UnionType)


def _union(it: Interpreter, left: Value, right: Value, site: Site) -> Value:
    """``int | None`` of types."""
    from cnnlint.static.builtintypes import NONE_TYPE

    parts = [part for side in (left, right) for part in (side if isinstance(side, UnionType) else (side,))]
    types = [NONE_TYPE if part is None else part for part in parts]
    if not all(isinstance(part, Class) for part in types):
        return first_unknown(it, site, *parts)
    return UnionType(dict.fromkeys(types))


_OWN = (int, float, complex, str, bytes, list, tuple, dict, set, frozenset, range, type(None))
"""Python's own types: what it says of their values, it says of the program's."""


def _refused(it: Interpreter, error: Exception, left: Value, right: Value, site: Site) -> Value:
    """An operation that Python refuses is the program's error, unless something stands in for an operand."""
    if isinstance(left, _OWN) and isinstance(right, _OWN):
        raise Raised(type(error), str(error)) from None
    return it.unknown("an operation of its own kind", site)


def _is_plain(value: Value) -> bool:
    """Whether Python's own formatting of ``value`` is the program's."""
    if isinstance(value, tuple | list):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    return isinstance(value, str | bytes | int | float | complex | None)


def _add_modules(it: Interpreter, left: ModuleInstance, right: Value, site: Site) -> Value:
    from cnnlint.static.attributes import get_attribute
    from cnnlint.static.calls import call

    return call(it, get_attribute(it, left, "__add__", site), [right], {}, site)


def _payload(value: Value) -> Value:
    return value.payload if isinstance(value, Instance) and value.payload is not None else value


def _as_size(left: Value, right: Value) -> tuple[Value, Value]:
    """A named unknown beside an integer or a size is that size."""
    if isinstance(left, Unknown) and left.name and isinstance(right, int | Sym | Unknown):
        left = left.as_dim() or left
    if isinstance(right, Unknown) and right.name and isinstance(left, int | Sym):
        right = right.as_dim() or right
    return left, right


def _binary_sizes(it: Interpreter, name: str, left: Value, right: Value, site: Site) -> Value:
    if not (isinstance(left, int | Sym) and isinstance(right, int | Sym)):
        return it.unknown("arithmetic on a size that is not known", site)
    if name == "truediv":
        return _true_divide(it, left, right, site)
    if name not in ("add", "sub", "mul", "floordiv", "mod", "pow"):
        return it.unknown("arithmetic on a size that is not known", site)
    try:
        return BINARY[name](left, right)
    except ZeroDivisionError as error:
        raise Raised(ZeroDivisionError, str(error)) from None
    except TypeError:
        return it.unknown("arithmetic on a size that is not known", site)


def _true_divide(it: Interpreter, left: Dim, right: Dim, site: Site) -> Value:
    if isinstance(left, Sym) and type(right) is int and right > 0:
        return Ratio(left, right)
    return it.unknown("a quotient of sizes that are not known", site)


def _guard_size(it: Interpreter, name: str, left: Value, right: Value) -> None:
    """Refuse results that only exist to exhaust memory."""
    if name == "mul":
        for many, times in ((left, right), (right, left)):
            if isinstance(many, SEQUENCES) and isinstance(times, int) and len(many) * times > _limit(many):
                raise Raised(MemoryError, "the repeated sequence is too long")
        if _bits(left) + _bits(right) > MAX_BITS:
            raise Raised(OverflowError, "the integer is too large")
    elif (name == "pow" and isinstance(right, int) and _bits(left) * abs(right) > MAX_BITS) or (
        name == "lshift" and isinstance(right, int) and right > MAX_BITS
    ):
        raise Raised(OverflowError, "the integer is too large")
    elif name == "add" and isinstance(left, SEQUENCES) and isinstance(right, SEQUENCES):
        if len(left) + len(right) > _limit(left):
            raise Raised(MemoryError, "the sequence is too long")
    elif name == "mod" and isinstance(left, str | bytes):
        raise_if_wide(left if isinstance(left, str) else "")


def raise_if_wide(text: str) -> None:
    """Refuse a format that would pad to an enormous width."""
    import re

    if any(int(number) > MAX_TEXT for number in re.findall(r"\d{5,12}", text)) or re.search(r"\d{13}|\*", text):
        raise Raised(MemoryError, "the formatted text is too long")


def _limit(sequence: Any) -> int:
    return MAX_TEXT if isinstance(sequence, str | bytes) else MAX_ITEMS


def _bits(value: Value) -> int:
    return value.bit_length() if isinstance(value, int) else 0


def is_unknown(value: Value) -> bool:
    """Whether nothing can be computed from ``value`` in plain Python."""
    return isinstance(value, Unknown | Ratio | External)


def first_unknown(it: Interpreter, site: Site | None, *values: Value) -> Unknown:
    """The unknown among ``values`` that explains why their combination is unknown."""
    for value in values:
        if isinstance(value, Unknown):
            return value.bare() if not value.name else it.unknown(f"the argument {value.name} is not known", site)
        if isinstance(value, External):
            return it.unknown(f"{value.path} is not read", site)
    return it.unknown("depends on something that is not known", site)


def tensor_operator(it: Interpreter, name: str, left: Value, right: Value, site: Site, inplace: bool = False) -> Value:
    """An operator with a tensor on at least one side, by the ops table."""
    from cnnlint.static.torchcalls import call_function

    return call_function(it, f"operator.{name}", [left, right], {}, site, inplace=inplace)


def unary(it: Interpreter, name: str, value: Value, site: Site) -> Value:
    """``-value``, ``~value``, ``+value``."""
    if isinstance(value, TensorValue):
        from cnnlint.static.torchcalls import call_function

        return value if name == "pos" else call_function(it, f"operator.{name}", [value], {}, site)
    if isinstance(value, Unknown) and value.name and name in ("neg", "pos"):
        value = value.as_dim()
    if isinstance(value, Sym):
        return -value if name == "neg" else value if name == "pos" else it.unknown("~ on a size", site)
    if isinstance(value, Instance):
        answer = _dunder(it, value, f"__{name}__")
        if answer is not None:
            return answer
    if is_unknown(value):
        return first_unknown(it, site, value)
    try:
        return UNARY[name](value)
    except PYTHON_ERRORS as error:
        raise Raised(type(error), str(error)) from None
