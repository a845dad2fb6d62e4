"""Methods of Python's builtin values: strings, lists, dicts, sets, tuples, numbers."""

from __future__ import annotations

import re
from collections.abc import ItemsView, Iterable, KeysView, ValuesView
from typing import TYPE_CHECKING, Any

from cnnlint.static.interpreter import MAX_ITEMS, MAX_TEXT
from cnnlint.static.library.expressions import expression_method
from cnnlint.static.operators import PYTHON_ERRORS, equal, first_unknown, is_unknown, raise_if_wide
from cnnlint.static.signals import Raised
from cnnlint.static.values import Deque, Instance, Iteration, Native, Site, TorchSize, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

STRING = frozenset(
    [
        "capitalize",
        "casefold",
        "count",
        "encode",
        "endswith",
        "find",
        "format",
        "index",
        "isalnum",
        "isalpha",
        "isdigit",
        "isidentifier",
        "islower",
        "isnumeric",
        "isspace",
        "isupper",
        "join",
        "lower",
        "lstrip",
        "partition",
        "removeprefix",
        "removesuffix",
        "replace",
        "rfind",
        "rindex",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "swapcase",
        "title",
        "translate",
        "upper",
    ]
)
LIST = frozenset(["append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"])
DEQUE = LIST - {"sort"} | {"appendleft", "extendleft", "popleft", "rotate", "maxlen"}
DICT = frozenset(
    ["clear", "copy", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values", "move_to_end"]
)
SET = frozenset(
    [
        "add",
        "clear",
        "copy",
        "difference",
        "discard",
        "intersection",
        "isdisjoint",
        "issubset",
        "issuperset",
        "pop",
        "remove",
        "symmetric_difference",
        "union",
        "update",
        "difference_update",
        "intersection_update",
    ]
)
TUPLE = frozenset(("count", "index"))
NUMBER = frozenset(("bit_length", "is_integer", "real", "imag", "conjugate", "as_integer_ratio", "hex", "numerator"))
CHANGING = frozenset(
    [
        "append",
        "clear",
        "extend",
        "insert",
        "pop",
        "remove",
        "reverse",
        "sort",
        "popitem",
        "setdefault",
        "update",
        "add",
        "discard",
        "move_to_end",
        "difference_update",
        "intersection_update",
        "appendleft",
        "extendleft",
        "popleft",
        "rotate",
    ]
)
SPREADING = frozenset(("extend", "extendleft", "update", "join", "union"))
"""Methods that take the items of what they are given."""
_METHODS: tuple[tuple[type, frozenset[str]], ...] = (
    (str, STRING), (Deque, DEQUE), (list, LIST), (dict, DICT), (set, SET), (frozenset, SET), (tuple, TUPLE),
    (float, NUMBER), (int, NUMBER), (bytes, frozenset(("decode",))),
)  # fmt: skip


def builtin_method(value: Value, name: str) -> Value:
    """``value.name`` for a builtin value; for a type the function takes the value first. ``None`` if it has none."""
    if isinstance(value, type):
        names = next((names for kind, names in _METHODS if issubclass(value, kind)), frozenset())
        if name == "fromkeys":
            return Native(name, _fromkeys)
        if name not in names:
            return None
        return Native(name, lambda it, args, kwargs, site: _call_unbound(it, value, name, args, kwargs, site))
    if isinstance(value, Iteration) and name in ("__next__", "close", "send"):
        from cnnlint.static.builtins import next_of

        return Native(name, lambda it, args, kwargs, site: next_of(it, [value], {}, site))
    if isinstance(value, TorchSize) and name == "numel":
        return Native(name, lambda it, args, kwargs, site: _numel(value))
    if isinstance(value, re.Match | re.Pattern):
        return expression_method(value, name)
    if isinstance(value, slice) and name in ("start", "stop", "step"):
        return getattr(value, name)
    if name in ("__len__", "__getitem__", "__contains__", "__iter__"):
        from cnnlint.static.builtins import special_method

        return special_method(value, name)
    if name == "__class__" and isinstance(value, str | int | float | list | dict | tuple | set):
        from cnnlint.static.builtintypes import type_class

        return type_class(type(value))
    for kind, names in _METHODS:
        if isinstance(value, kind) and name in names:
            if name in ("real", "imag", "numerator", "maxlen"):
                return getattr(value, name)
            return Native(name, lambda it, args, kwargs, site: _call(it, value, name, args, kwargs, site))
    return None


def _fromkeys(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    from cnnlint.static.iteration import items_of

    items = items_of(it, args[0]) if args else None
    if items is None:
        return it.unknown("dict.fromkeys of something unknown", site)
    return dict.fromkeys(items, args[1] if len(args) > 1 else None)


def _numel(size: TorchSize) -> Value:
    total: Any = 1
    for item in size:
        total = total * item
    return total


def _call_unbound(
    it: Interpreter, kind: type, name: str, args: list[Value], kwargs: dict[str, Value], site: Site
) -> Value:
    """``str.upper(text)``: the first argument takes the object's place."""
    owner = args[0].payload if args and isinstance(args[0], Instance) else args[0] if args else None
    if not isinstance(owner, kind):
        return first_unknown(it, site, *args)
    return _call(it, owner, name, args[1:], kwargs, site)


def _call(it: Interpreter, value: Value, name: str, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    if name in CHANGING and not isinstance(value, str | tuple):
        it.memo.touched.append(value)
        it.trail.touch(value)
    haze = it.haze(value)
    if haze is not None:
        return _call_hazy(it, value, name, args, haze)
    if name == "get" and isinstance(value, dict) and args and type(args[0]) is str and args[0] not in value:
        from cnnlint.static.registration import complete

        if not complete(it, value, args[0], site) and args[0] not in value:
            return it.unknown(f"{args[0]!r} may be registered by a file that is not read", site)
    args = [_plain_items(it, arg) if name in SPREADING else arg for arg in args]
    if name in SPREADING - {"union"} and any(arg is None for arg in args):
        if name != "join":
            it.make_hazy(value, it.unknown("extended by something unknown", site))
            return None
        return it.unknown("text joined from something unknown", site)
    if isinstance(value, str):
        return _call_on_text(it, value, name, args, kwargs, site)
    if isinstance(value, list) and name in ("sort", "index", "remove", "count"):
        return _call_comparing(it, value, name, args, kwargs, site)
    if len(value) > MAX_ITEMS if hasattr(value, "__len__") else False:
        raise Raised(MemoryError, "the collection is too large")
    return _run(getattr(value, name), args, kwargs)


def _call_hazy(it: Interpreter, value: Value, name: str, args: list[Value], haze: Value) -> Value:
    """A collection whose contents are unknown keeps what is put under a known key."""
    if isinstance(value, dict) and name in ("get", "pop", "setdefault") and args and not is_unknown(args[0]):
        return value.get(args[0], haze)
    if isinstance(value, dict) and name == "update" and args and isinstance(args[0], dict):
        value.update(args[0])
    if name == "copy":
        copied = value.copy()
        it.make_hazy(copied, haze)
        return copied
    return None if name in ("append", "extend", "insert", "update", "add", "clear", "sort", "remove") else haze


def _plain_items(it: Interpreter, arg: Value) -> Value:
    from cnnlint.static.iteration import items_of

    if isinstance(arg, Instance) and arg.payload is not None:
        arg = arg.payload
    if isinstance(arg, dict) and not it.haze(arg):
        return arg
    return items_of(it, arg)


def _call_on_text(
    it: Interpreter, value: str, name: str, args: list[Value], kwargs: dict[str, Value], site: Site
) -> Value:
    flat = [item for arg in args for item in (arg if isinstance(arg, list | tuple) else (arg,))]
    if not all(isinstance(item, str | int | float | bool | dict | None) for item in [*flat, *kwargs.values()]):
        return first_unknown(it, site, *flat, *kwargs.values())
    if name == "format":
        raise_if_wide(value)
    if name == "replace" and len(args) >= 2 and len(value) * max(1, len(str(args[1]))) > MAX_TEXT:
        raise Raised(MemoryError, "the text is too long")
    return _run(getattr(value, name), args, kwargs)


def _call_comparing(
    it: Interpreter, value: list[Value], name: str, args: list[Value], kwargs: dict[str, Value], site: Site
) -> Value:
    """``sort``, ``index``, ``remove``, ``count``: by the program's own equality and order."""
    if name == "sort":
        from cnnlint.static.builtins import sorted_items

        ordered = sorted_items(it, value, kwargs, site)
        if ordered is None:
            it.make_hazy(value, it.unknown("sorted by an unknown order", site))
        else:
            value[:] = ordered
        return None
    answers = [equal(it, item, args[0]) for item in value] if args else []
    if name == "count":
        return it.unknown("a count of unknown items", site) if None in answers else answers.count(True)
    for position, answer in enumerate(answers):
        if answer is None:
            break
        if answer:
            if name == "remove":
                del value[position]
                return None
            return position
    else:
        raise Raised(ValueError, f"not in list: {args!r:.60}")
    if name == "remove":
        it.make_hazy(value, it.unknown("an unknown item was removed", site))
        return None
    return it.unknown("the position of an unknown item", site)


class Keys(list[Value]):
    """``dict.keys()``: the keys in order, with the set operations that key views have."""

    def __and__(self, other: Iterable[Value]) -> set[Value]:
        return set(self) & set(other)

    def __or__(self, other: Iterable[Value]) -> set[Value]:
        return set(self) | set(other)

    def __sub__(self, other: Iterable[Value]) -> set[Value]:
        return set(self) - set(other)

    def __xor__(self, other: Iterable[Value]) -> set[Value]:
        return set(self) ^ set(other)


def _run(method: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    try:
        found = method(*args, **kwargs)
    except PYTHON_ERRORS as error:
        raise Raised(type(error), str(error)) from None
    if isinstance(found, KeysView):
        return Keys(found)
    if isinstance(found, ValuesView | ItemsView):
        return list(found)
    return found
