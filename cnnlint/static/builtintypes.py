"""Python's builtin types as classes, and conversion to them."""

from __future__ import annotations

import builtins
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from cnnlint.graph.dims import Sym
from cnnlint.static.frame import ModuleEnv
from cnnlint.static.interpreter import MAX_ITEMS
from cnnlint.static.iteration import items_of
from cnnlint.static.operators import PYTHON_ERRORS, first_unknown, is_unknown, truth
from cnnlint.static.signals import Raised
from cnnlint.static.values import (
    Bound,
    Class,
    Deque,
    EnumMember,
    External,
    Function,
    Instance,
    Native,
    Partial,
    Ratio,
    Site,
    TensorValue,
    Unknown,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

OBJECT = Class("object", pytype=object)
NONE_TYPE = Class("NoneType", (OBJECT,))
FUNCTION_TYPE = Class("function", (OBJECT,))
METHOD_TYPE = Class("method", (OBJECT,))
FILE_TYPE = Class("module", (OBJECT,))


def _new_partial(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    if len(args) < 2:
        raise Raised(TypeError, "partial() needs a function")
    function, given, named = args[1], tuple(args[2:]), dict(kwargs)
    if isinstance(function, Partial):
        function, given, named = function.function, (*function.args, *given), {**function.kwargs, **named}
    return Partial(function, given, named)


PARTIAL_TYPE = Class(
    "partial", (OBJECT,), path="functools.partial", native={"__new__": Native("partial", _new_partial)}
)
TYPE = Class("type", (OBJECT,), pytype=type)


def _class_of(kind: type, bases: tuple[Class, ...]) -> Class:
    return Class(kind.__name__, bases, pytype=kind)


INT = _class_of(int, (OBJECT,))
DICT = _class_of(dict, (OBJECT,))
TYPES: dict[str, Class] = {
    "object": OBJECT, "type": TYPE, "int": INT, "bool": _class_of(bool, (INT,)), "dict": DICT,
    "OrderedDict": _class_of(OrderedDict, (DICT,)), "deque": Class("deque", (OBJECT,), pytype=Deque),
} | {
    kind.__name__: _class_of(kind, (OBJECT,))
    for kind in (float, complex, str, bytes, bytearray, list, tuple, set, frozenset, slice, range)
}  # fmt: skip


def _exceptions() -> dict[str, Class]:
    found: dict[type, Class] = {}

    def make(kind: type) -> Class:
        if kind not in found:
            parents = tuple(make(base) for base in kind.__bases__ if issubclass(base, BaseException))
            found[kind] = _class_of(kind, parents or (OBJECT,))
        return found[kind]

    kinds = [kind for kind in vars(builtins).values() if isinstance(kind, type) and issubclass(kind, BaseException)]
    return {kind.__name__: make(kind) for kind in kinds}


EXCEPTIONS = _exceptions()
_BY_PYTYPE = {cls.pytype: cls for cls in [*TYPES.values(), *EXCEPTIONS.values()]}


def type_class(kind: type) -> Class:
    """The class that stands for a builtin type (or the nearest one it extends)."""
    return next((_BY_PYTYPE[base] for base in kind.__mro__ if base in _BY_PYTYPE), OBJECT)


def convert(it: Interpreter, cls: Class, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    """``int(x)``, ``list(x)``, ``KeyError(text)``…"""
    assert cls.pytype is not None
    if issubclass(cls.pytype, BaseException):
        return Instance(cls, {"args": tuple(args)})
    if cls.pytype is object:
        return Instance(cls)
    if cls.pytype is type:
        return _type_of(it, args, site)
    return convert_to(it, cls.pytype, args, kwargs, site)


def convert_to(it: Interpreter, kind: type, args: list[Value], kwargs: dict[str, Value], site: Site | None) -> Value:
    """The value as ``kind``, or unknown."""
    site = site or it.recorder.site
    if not args and not kwargs:
        return kind()
    if kind in _CONVERTERS:
        return _CONVERTERS[kind](it, args, kwargs, site)
    if kind in (list, tuple, set, frozenset):
        return _collection(it, kind, args[0], site)
    if kind is Deque:
        return _deque(it, args, kwargs, site)
    if issubclass(kind, dict):
        return _mapping(it, kind, args, kwargs, site)
    if any(is_unknown(arg) or isinstance(arg, Sym | TensorValue) for arg in args):
        if kind is slice:
            return slice(*args)
        return first_unknown(it, site, *args)
    try:
        return kind(*args, **kwargs)
    except PYTHON_ERRORS as error:
        raise Raised(type(error), str(error)) from None


def _collection(it: Interpreter, kind: type, value: Value, site: Site) -> Value:
    items = items_of(it, value)
    if items is None:
        made = kind()
        why = first_unknown(it, site, value)
        if kind in (list, set):
            it.make_hazy(made, why)
            return made
        return why
    try:
        return kind(items)
    except TypeError as error:
        raise Raised(TypeError, str(error)) from None


def _deque(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    limit = args[1] if len(args) > 1 else kwargs.get("maxlen")
    made = Deque([], limit if isinstance(limit, int) else None)
    items = items_of(it, args[0]) if args else []
    if items is None or not isinstance(limit, int | None):
        it.make_hazy(made, first_unknown(it, site, *args, limit))
    else:
        made.extend(items)
    return made


def _mapping(it: Interpreter, kind: type, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    made = kind()
    if args:
        source = args[0].payload if isinstance(args[0], Instance) and args[0].payload is not None else args[0]
        if isinstance(source, dict) and not it.haze(source):
            made.update(source)
        else:
            pairs = items_of(it, source)
            known = pairs is not None and all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs)
            if not known:
                it.make_hazy(made, first_unknown(it, site, source))
            else:
                made.update((pair[0], pair[1]) for pair in pairs or ())
    made.update(kwargs)
    return made


def _integer(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    value = args[0]
    match value:
        case Sym():
            return value
        case Ratio(numerator=top, denominator=bottom):
            return top // bottom
        case Unknown() if value.name:
            return value.as_dim()
        case TensorValue(values=(single,)):
            value = single
        case TensorValue():
            return it.unknown("the number in a tensor", site)
        case EnumMember():
            value = value.value
        case Unknown() | External():
            return first_unknown(it, site, value)
    if isinstance(value, Instance):
        value = value.payload
    if isinstance(value, str) and len(value) > 1000:
        return it.unknown("an enormous integer", site)
    try:
        return int(value, *args[1:], **kwargs)
    except PYTHON_ERRORS as error:
        raise Raised(type(error), str(error)) from None


def _float(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    value = args[0]
    if isinstance(value, TensorValue) and value.values is not None and len(value.values) == 1:
        value = value.values[0]
    if isinstance(value, Sym):
        return Ratio(value, 1)
    if isinstance(value, TensorValue) or is_unknown(value):
        return value if isinstance(value, Ratio) else first_unknown(it, site, value)
    try:
        return float(value)
    except PYTHON_ERRORS as error:
        raise Raised(type(error), str(error)) from None


def _text(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    from cnnlint.static.expressions import format_value

    if isinstance(args[0], Class | Function):
        return str(args[0])
    if isinstance(args[0], list | tuple) and all(isinstance(item, int | str | float) for item in args[0]):
        return str(args[0])
    return format_value(it, args[0], "", None, site)


def _boolean(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    answer = truth(it, args[0])
    return first_unknown(it, site, args[0]) if answer is None else answer


def _range(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    args = [
        arg.values[0] if isinstance(arg, TensorValue) and arg.values and len(arg.values) == 1 else arg for arg in args
    ]
    if any(is_unknown(arg) or isinstance(arg, Sym | TensorValue) for arg in args):
        return it.unknown("a range whose length is not known", site)
    try:
        made = range(*args)
    except PYTHON_ERRORS as error:
        raise Raised(type(error), str(error)) from None
    if _length(made) > MAX_ITEMS:
        return it.unknown("a range of enormous length", site)
    return made


def _length(made: range) -> int:
    return max(0, (made.stop - made.start) // made.step + 1)


def _slice(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    return slice(*args[:3])


_Converter = Callable[["Interpreter", list[Value], dict[str, Value], Site], Value]
_CONVERTERS: dict[type, _Converter] = {
    int: _integer, float: _float, str: _text, bool: _boolean, range: _range, slice: _slice,
}  # fmt: skip


def _type_of(it: Interpreter, args: list[Value], site: Site) -> Value:
    if len(args) != 1:
        return it.unknown("a class made by type()", site)
    if isinstance(args[0], TensorValue):
        from cnnlint.static.externals import PARAMETER, TENSOR

        return TENSOR if args[0].trainable is None else PARAMETER
    return class_of(it, args[0]) or it.unknown("the type of something unknown", site)


def class_of(it: Interpreter, value: Value) -> Class | None:
    """The class of a value, if it is known."""
    match value:
        case Instance() | EnumMember():
            return value.cls
        case Unknown() | Ratio() | External() | TensorValue():
            return None
        case Sym():
            return INT
        case Class():
            return TYPE
        case Function() | Native():
            return FUNCTION_TYPE
        case Bound():
            return METHOD_TYPE
        case Partial():
            return PARTIAL_TYPE
        case ModuleEnv():
            return FILE_TYPE
        case None:
            return NONE_TYPE
        case _:
            return getattr(value, "cls", None) or type_class(type(value))
