"""Python's builtin functions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

from cnnlint.graph import dims
from cnnlint.graph.dims import Sym
from cnnlint.static.builtintypes import EXCEPTIONS, TYPES
from cnnlint.static.iteration import items_of
from cnnlint.static.kinds import is_instance
from cnnlint.static.library.arrays import ArrayValue
from cnnlint.static.library.surroundings import SURROUNDINGS
from cnnlint.static.operators import PYTHON_ERRORS, binary, compare, contains, equal, first_unknown, is_unknown, truth
from cnnlint.static.signals import Raised
from cnnlint.static.values import (
    Bound,
    Class,
    Descriptor,
    External,
    Function,
    Instance,
    Iteration,
    ModuleInstance,
    Names,
    Native,
    Partial,
    Site,
    TensorValue,
    Unknown,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

Handler = Callable[["Interpreter", list[Value], dict[str, Value], Site], Value]
BUILTINS: dict[str, Value] = {
    **TYPES, **EXCEPTIONS, "NotImplemented": External("NotImplemented"), "Ellipsis": ..., "__debug__": True,
}  # fmt: skip
del BUILTINS["OrderedDict"], BUILTINS["deque"]


def builtin(name: str) -> Callable[[Handler], Handler]:
    """Decorator: the handler of a builtin function."""

    def register(handler: Handler) -> Handler:
        BUILTINS[name] = Native(name, handler)
        return handler

    return register


for _name in ("print", "help", "breakpoint"):
    BUILTINS[_name] = Native(_name, lambda it, args, kwargs, site: None)
for _name in ("input", "exit", "quit"):
    BUILTINS[_name] = Native(_name, SURROUNDINGS[f"builtins.{_name}"])
for _name in ("open", "eval", "exec", "compile", "__import__", "memoryview", "globals", "hash", "id"):
    BUILTINS[_name] = External(f"builtins.{_name}")


def _one(args: list[Value]) -> Value:
    if not args:
        raise Raised(TypeError, "an argument is missing")
    return args[0]


@builtin("len")
def length(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    """``len(value)``."""
    value = _one(args)
    if isinstance(value, TensorValue):
        if value.shape is None:
            return it.unknown("the length of a tensor", site)
        if not value.shape:
            raise Raised(TypeError, "len() of a 0-d tensor")
        return value.shape[0]
    if isinstance(value, Instance):
        return _instance_length(it, value, site)
    if isinstance(value, ArrayValue) and value.shape:
        return value.shape[0]
    if is_unknown(value) or isinstance(value, Sym):
        return first_unknown(it, site, value)
    haze = it.haze(value)
    if haze is not None:
        return haze
    if isinstance(value, int | float | None):
        raise Raised(TypeError, f"object of type {type(value).__name__!r} has no len()")
    items = items_of(it, value)
    return len(items) if items is not None else it.unknown("a length", site)


def _instance_length(it: Interpreter, value: Instance, site: Site) -> Value:
    from cnnlint.static.attributes import find_in_class
    from cnnlint.static.calls import call

    method = find_in_class(it, value.cls, "__len__")
    if method is not None:
        return call(it, method, [value], {}, site)
    items = items_of(it, value)
    if items is None:
        return it.unknown("the length of an object", site)
    return len(items)


@builtin("isinstance")
def _isinstance(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    if len(args) != 2:
        raise Raised(TypeError, "isinstance expected 2 arguments")
    answer = is_instance(it, args[0], args[1])
    return first_unknown(it, site, *args) if answer is None else answer


@builtin("issubclass")
def _issubclass(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    kinds = args[1] if isinstance(args[1], tuple) else (args[1],)
    if isinstance(args[0], Class) and all(isinstance(kind, Class) for kind in kinds) and not args[0].has("unresolved"):
        return any(args[0].is_subclass(kind) for kind in kinds)
    return first_unknown(it, site, *args)


@builtin("getattr")
def _getattr(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    from cnnlint.static.attributes import get_attribute

    if not isinstance(args[1], str):
        if isinstance(args[0], ModuleInstance):
            it.recorder.read_any(args[0])
        return first_unknown(it, site, args[1])
    try:
        return get_attribute(it, args[0], args[1], site)
    except Raised as raised:
        if len(args) > 2 and raised.kind is AttributeError:
            return args[2]
        raise


@builtin("hasattr")
def _hasattr(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    from cnnlint.static.attributes import has_attribute

    answer = has_attribute(it, args[0], args[1], site) if isinstance(args[1], str) else None
    return first_unknown(it, site, *args) if answer is None else answer


@builtin("setattr")
def _setattr(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    from cnnlint.static.attributes import set_attribute

    if isinstance(args[1], str):
        set_attribute(it, args[0], args[1], args[2], site)
    elif isinstance(args[0], Instance):
        why = it.unknown("an attribute of unknown name is set", site)
        it.make_hazy(args[0].modules if isinstance(args[0], ModuleInstance) else args[0].attrs, why)
        it.note(why)
    return None


@builtin("delattr")
def _delattr(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    from cnnlint.static.attributes import delete_attribute

    if isinstance(args[1], str):
        delete_attribute(it, args[0], args[1], site)
    return None


@builtin("callable")
def _callable(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    if isinstance(args[0], Unknown | External):
        return first_unknown(it, site, args[0])
    return isinstance(args[0], Function | Bound | Native | Partial | Class | ModuleInstance)


@builtin("dir")
def _dir(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    if args and isinstance(args[0], External):
        return Names(args[0].path)
    return it.unknown("the names dir() lists", site)


@builtin("vars")
def _vars(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    if args and isinstance(args[0], Instance):
        return args[0].attrs
    return it.unknown("vars()", site) if args else _locals(it, args, kwargs, site)


@builtin("locals")
def _locals(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    frame = it.frame
    if frame is None or frame.statement.kind != "function":
        return it.unknown("the names of a file", site)
    names = dict(frame.locals)
    used = (node.id for node in ast.walk(frame.statement.node) if isinstance(node, ast.Name))
    if frame.owner is not None and not {"super", "__class__"}.isdisjoint(used):
        names["__class__"] = frame.owner  # a variable of every method that mentions it
    return names


# ---- iteration --------------------------------------------------------------------------------------------------


@builtin("iter")
def _iter(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    if isinstance(args[0], Iteration):
        return args[0]
    items = items_of(it, args[0])
    return first_unknown(it, site, args[0]) if items is None else Iteration(items)


@builtin("next")
def next_of(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    """``next(iterator, default)``."""
    source = args[0]
    if isinstance(source, Instance):
        from cnnlint.static.attributes import find_in_class
        from cnnlint.static.calls import call

        method = find_in_class(it, source.cls, "__next__")
        if method is not None:
            return call(it, method, [source], {}, site)
    if not isinstance(source, Iteration) or it.trail.open:
        if isinstance(source, list | Iteration) and source and not it.haze(source):
            items = list(source) if isinstance(source, list) else source.items[source.position :]
            return items[0] if items else first_unknown(it, site, source)
        return first_unknown(it, site, source)
    it.effect()
    for item in source:
        return item
    if len(args) > 1:
        return args[1]
    raise Raised(StopIteration, "")


@builtin("enumerate")
def _enumerate(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    items = items_of(it, args[0])
    start = args[1] if len(args) > 1 else kwargs.get("start", 0)
    if items is None:
        return first_unknown(it, site, args[0])
    return Iteration([(binary(it, "add", start, position, site), item) for position, item in enumerate(items)])


@builtin("zip")
def _zip(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    columns = [items_of(it, arg) for arg in args]
    if any(column is None for column in columns):
        return first_unknown(it, site, *args)
    return Iteration([tuple(row) for row in zip(*(column or [] for column in columns), strict=False)])


@builtin("map")
def _map(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    from cnnlint.static.calls import call

    columns = [items_of(it, arg) for arg in args[1:]]
    if any(column is None for column in columns):
        return first_unknown(it, site, *args[1:])
    rows = zip(*(column or [] for column in columns), strict=False)
    return Iteration([call(it, args[0], list(row), {}, site) for row in rows])


@builtin("filter")
def _filter(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    from cnnlint.static.calls import call

    items = items_of(it, args[1])
    if items is None:
        return first_unknown(it, site, args[1])
    kept: list[Value] = []
    for item in items:
        answer = truth(it, item if args[0] is None else call(it, args[0], [item], {}, site))
        if answer is None:
            return it.unknown("a filter whose condition is not known", site)
        if answer:
            kept.append(item)
    return Iteration(kept)


@builtin("reversed")
def _reversed(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    items = items_of(it, args[0])
    return first_unknown(it, site, args[0]) if items is None else Iteration(items[::-1])


@builtin("sorted")
def _sorted(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    items = items_of(it, args[0])
    ordered = sorted_items(it, items, kwargs, site) if items is not None else None
    return it.unknown("sorted by an unknown order", site) if ordered is None else ordered


def sorted_items(it: Interpreter, items: list[Value], kwargs: dict[str, Value], site: Site) -> list[Value] | None:
    """The items in order; ``None`` if the order is not known."""
    from cnnlint.static.calls import call

    key = kwargs.get("key")
    keyed = [(item if key is None else call(it, key, [item], {}, site), item) for item in items]
    undecided = False

    def order(one: Any, other: Any) -> int:
        nonlocal undecided
        below, above = (truth(it, compare(it, name, one[0], other[0], site)) for name in ("lt", "gt"))
        undecided = undecided or below is None or above is None
        return -1 if below else 1 if above else 0

    ordered = sorted(keyed, key=cmp_to_key(order), reverse=truth(it, kwargs.get("reverse", False)) is True)
    return None if undecided else [item for _, item in ordered]


@builtin("all")
def _all(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    return _quantifier(it, args[0], site, stop=False)


@builtin("any")
def _any(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    return _quantifier(it, args[0], site, stop=True)


def _quantifier(it: Interpreter, source: Value, site: Site, stop: bool) -> Value:
    items = items_of(it, source)
    answers = [truth(it, item) for item in items] if items is not None else [None]
    if stop in answers:
        return stop
    return first_unknown(it, site, source) if None in answers else not stop


# ---- numbers ----------------------------------------------------------------------------------------------------


@builtin("sum")
def _sum(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    items = items_of(it, args[0])
    if items is None:
        return first_unknown(it, site, args[0])
    total = args[1] if len(args) > 1 else kwargs.get("start", 0)
    for item in items:
        total = binary(it, "add", total, item, site) if total != 0 or not isinstance(item, TensorValue) else item
    return total


@builtin("abs")
def _abs(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    value = _one(args)
    if isinstance(value, TensorValue):
        from cnnlint.static.torchcalls import call_function

        return call_function(it, "torch.abs", [value], {}, site)
    if isinstance(value, Sym):
        return value if dims.lower(value) >= 0 else it.unknown("the sign of a size", site)
    return _plain(it, abs, args, site)


def _plain(it: Interpreter, function: Callable[..., Any], args: list[Value], site: Site) -> Value:
    if any(is_unknown(arg) or isinstance(arg, Sym | TensorValue) for arg in args):
        return first_unknown(it, site, *args)
    try:
        return function(*args)
    except PYTHON_ERRORS as error:
        raise Raised(type(error), str(error)) from None


@builtin("round")
def _round(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    if isinstance(args[0], Sym):
        return args[0]
    return _plain(it, round, [*args, *kwargs.values()], site)


@builtin("pow")
def _pow(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    if len(args) != 2:
        return it.unknown("a modular power", site)
    return binary(it, "pow", args[0], args[1], site)


@builtin("divmod")
def _divmod(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    return tuple(binary(it, name, args[0], args[1], site) for name in ("floordiv", "mod"))


@builtin("min")
def _min(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    return _extreme(it, "lt", args, kwargs, site)


@builtin("max")
def _max(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    return _extreme(it, "gt", args, kwargs, site)


def _extreme(it: Interpreter, better: str, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    from cnnlint.static.calls import call

    items = items_of(it, args[0]) if len(args) == 1 else args
    if items is None:
        return first_unknown(it, site, *args)
    if not items:
        if "default" in kwargs:
            return kwargs["default"]
        raise Raised(ValueError, "an empty sequence has no extreme")
    key = kwargs.get("key")

    def rank(item: Value) -> Value:
        return item if key is None else call(it, key, [item], {}, site)

    best, best_rank = items[0], rank(items[0])
    for item in items[1:]:
        item_rank = rank(item)
        if equal(it, item_rank, best_rank):
            continue
        answer = truth(it, compare(it, better, item_rank, best_rank, site))
        if answer is None:
            return it.unknown("the larger or smaller of sizes that are not known", site)
        if answer:
            best, best_rank = item, item_rank
    return best


@builtin("repr")
def _repr(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    return repr(args[0]) if isinstance(args[0], int | float | str | None) else it.unknown("the text of an object", site)


@builtin("format")
def _format(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    from cnnlint.static.expressions import format_value

    spec = args[1] if len(args) > 1 else ""
    return format_value(it, args[0], spec if isinstance(spec, str) else "", None, site)


def _plainly(function: Callable[..., Any]) -> Handler:
    return lambda it, args, kwargs, site: _plain(it, function, args, site)


_TEXTUAL: dict[str, Callable[..., Any]] = {
    "chr": chr, "ord": ord, "bin": bin, "hex": hex, "oct": oct, "ascii": ascii,
}  # fmt: skip
for _name, _function in _TEXTUAL.items():
    BUILTINS[_name] = Native(_name, _plainly(_function))


# ---- descriptors --------------------------------------------------------------------------------------------------


@builtin("property")
def _property(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    return Descriptor("property", args[0] if args else kwargs.get("fget"), args[1] if len(args) > 1 else None)


@builtin("staticmethod")
def _staticmethod(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    return Descriptor("staticmethod", args[0])


@builtin("classmethod")
def _classmethod(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    return Descriptor("classmethod", args[0])


def special_method(value: Value, name: str) -> Native:
    """``value.__len__`` and the like as a callable."""
    from cnnlint.static.subscripts import get_item

    handlers: dict[str, Handler] = {
        "__len__": lambda it, args, kwargs, site: length(it, [value], {}, site),
        "__getitem__": lambda it, args, kwargs, site: get_item(it, value, args[0], site),
        "__contains__": lambda it, args, kwargs, site: contains(it, value, args[0], site),
        "__iter__": lambda it, args, kwargs, site: _iter(it, [value], {}, site),
    }
    return Native(name, handlers[name])
