"""``value[index]``: reading, setting and deleting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import libcst as cst

from cnnlint.graph.dims import Sym
from cnnlint.static.frame import Frame
from cnnlint.static.library.arrays import ArrayValue, array_item
from cnnlint.static.operators import PYTHON_ERRORS, first_unknown, is_unknown
from cnnlint.static.signals import Raised
from cnnlint.static.values import (
    Class,
    EnumMember,
    External,
    Function,
    Instance,
    ModelOutput,
    ModuleInstance,
    NamedTuple,
    OutputStep,
    Site,
    TensorValue,
    TorchSize,
    Unknown,
    UnknownShape,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter


def hashable(it: Interpreter, key: Value) -> Any:
    """``key`` as a dictionary key. Raises the program's ``TypeError`` for lists and dicts."""
    try:
        hash(key)
    except TypeError:
        raise Raised(TypeError, f"unhashable type: {type(key).__name__!r}") from None
    return key


def index_of(it: Interpreter, node: cst.Subscript, frame: Frame) -> Value:
    """The index expression's value: a tuple if there are several, slices as Python's ``slice``."""
    parts = [_part(it, element.slice, frame) for element in node.slice]
    trailing_comma = isinstance(node.slice[-1].comma, cst.Comma)
    return parts[0] if len(parts) == 1 and not trailing_comma else tuple(parts)


def _part(it: Interpreter, part: cst.BaseSlice, frame: Frame) -> Value:
    if isinstance(part, cst.Index):
        value = it.eval(part.value, frame)
        if part.star:
            return it.unknown("a star in an index", Site(frame.statement, part))
        return value
    assert isinstance(part, cst.Slice)
    bounds = [it.eval(b, frame) if b is not None else None for b in (part.lower, part.upper, part.step)]
    return slice(*bounds)


def subscript(it: Interpreter, node: cst.Subscript, frame: Frame) -> Value:
    """``value[index]`` as an expression."""
    value = it.eval(node.value, frame)
    if isinstance(value, External) and value.path != "sys.modules":
        return value  # a type such as List[int]; its parameters do not matter
    index = index_of(it, node, frame)
    if type(index) is int and type(value) in (tuple, list) and not it.haze(value):
        try:  # by far the most frequent
            return value[index]
        except IndexError as error:
            raise Raised(IndexError, str(error)) from None
    if isinstance(value, External):
        return _module_called(it, index, Site(frame.statement, node))
    return get_item(it, value, index, Site(frame.statement, node))


def _module_called(it: Interpreter, name: Value, site: Site) -> Value:
    """``sys.modules[name]``: a file that has been read."""
    found = next((env for env in it.modules.values() if env.name == name), None)
    return found if found is not None else it.unknown("a module that is not read", site)


def get_item(it: Interpreter, value: Value, index: Value, site: Site) -> Value:
    """``value[index]``."""
    match value:
        case TensorValue():
            from cnnlint.static.torchcalls import call_function

            return call_function(it, "operator.getitem", [value, index], {}, site)
        case ModuleInstance():
            from cnnlint.static.containers import container_item

            return container_item(it, value, index, site)
        case Instance():
            return _instance_item(it, value, index, site)
        case Class():
            return _class_item(it, value, index, site)
        case ModelOutput() if isinstance(index, int | str):
            return value.then(OutputStep("item", index, site))
        case UnknownShape() if isinstance(index, slice) and index.stop is None and index.step is None:
            start = 0 if index.start is None else index.start
            return value.behind(start) if isinstance(start, int) and start >= 0 else value.bare()
        case ArrayValue():
            return array_item(it, value, index, site)
        case Unknown() | External():
            return first_unknown(it, site, value)
        case Function():
            raise Raised(TypeError, "'function' object is not subscriptable")
        case _:
            return _builtin_item(it, value, index, site)


def _instance_item(it: Interpreter, value: Instance, index: Value, site: Site) -> Value:
    from cnnlint.static.attributes import find_in_class
    from cnnlint.static.calls import call

    method = find_in_class(it, value.cls, "__getitem__")
    if method is not None:
        return call(it, method, [value, index], {}, site)
    if value.payload is not None:
        return get_item(it, value.payload, index, site)
    return it.unknown(f"{value.cls.name} has no __getitem__ that is read", site)


def _class_item(it: Interpreter, value: Class, index: Value, site: Site) -> Value:
    if value.has("enum") and isinstance(index, str):
        from cnnlint.static.classes import enum_member

        member = enum_member(it, value, index)
        if member is None:
            raise Raised(KeyError, index)
        return member
    return value  # a parametrised generic


def _builtin_item(it: Interpreter, value: Value, index: Value, site: Site) -> Value:
    haze = it.haze(value)
    if haze is not None:
        if isinstance(value, dict) and not is_unknown(index) and index in value:
            return value[index]
        return haze
    if isinstance(index, EnumMember) and not isinstance(value, dict) and isinstance(index.value, int):
        index = index.value
    if is_unknown(index) or isinstance(index, Sym) or _unknown_slice(index):
        return first_unknown(it, site, index)
    if isinstance(value, Sym | int | float | bool | None):
        if isinstance(value, Sym):
            return it.unknown("an item of a size", site)
        raise Raised(TypeError, f"{type(value).__name__!r} object is not subscriptable")
    if isinstance(value, dict) and type(index) is str and index not in value and not it.live:
        from cnnlint.static.registration import complete

        if not complete(it, value, index, site) and index not in value:
            return it.unknown(f"{index!r} may be registered by a file that is not read", site)
    try:
        found = value[index]
    except PYTHON_ERRORS as error:
        if isinstance(value, dict) and isinstance(error, KeyError) and hasattr(value, "default_factory"):
            return None
        raise Raised(type(error), str(error)) from None
    if isinstance(index, slice) and isinstance(value, TorchSize):
        return TorchSize(found)
    if isinstance(index, slice) and isinstance(value, NamedTuple):
        return tuple(found)
    return found


def _unknown_slice(index: Value) -> bool:
    return isinstance(index, slice) and any(
        is_unknown(bound) or isinstance(bound, Sym) for bound in (index.start, index.stop, index.step)
    )


def set_subscript(it: Interpreter, node: cst.Subscript, value: Value, frame: Frame) -> None:
    """``target[index] = value``."""
    target = it.eval(node.value, frame)
    index = index_of(it, node, frame)
    set_item(it, target, index, value, Site(frame.statement, node))


def set_item(it: Interpreter, target: Value, index: Value, value: Value, site: Site) -> None:
    """``target[index] = value``."""
    match target:
        case TensorValue():
            from cnnlint.static.torchcalls import call_function

            call_function(it, "operator.setitem", [target, index, value], {}, site, inplace=True)
        case ModuleInstance():
            from cnnlint.static.containers import set_container_item

            set_container_item(it, target, index, value, site)
        case Instance():
            from cnnlint.static.attributes import find_in_class
            from cnnlint.static.calls import call

            method = find_in_class(it, target.cls, "__setitem__")
            if method is not None:
                call(it, method, [target, index, value], {}, site)
            elif target.payload is not None:
                set_item(it, target.payload, index, value, site)
        case dict() | list():
            it.memo.touched.append(target)
            it.trail.touch(target)
            if is_unknown(index) or isinstance(index, Sym) or _unknown_slice(index):
                it.make_hazy(target, first_unknown(it, site, index))
            elif isinstance(target, dict) or not it.haze(target):
                _set_builtin(it, target, index, value)
        case tuple() | str():
            raise Raised(TypeError, f"{type(target).__name__!r} object does not support item assignment")
        case _:
            pass


def _set_builtin(it: Interpreter, target: Any, index: Value, value: Value) -> None:
    from cnnlint.static.iteration import items_of

    if isinstance(index, slice):
        items = items_of(it, value)
        if items is None:
            it.make_hazy(target, it.unknown("a slice of it is set to something unknown"))
            return
        value = items
    try:
        target[hashable(it, index) if isinstance(target, dict) else index] = value
    except PYTHON_ERRORS as error:
        raise Raised(type(error), str(error)) from None


def delete_subscript(it: Interpreter, node: cst.Subscript, frame: Frame) -> None:
    """``del target[index]``."""
    target = it.eval(node.value, frame)
    index = index_of(it, node, frame)
    if isinstance(target, ModuleInstance):
        from cnnlint.static.containers import delete_container_item

        delete_container_item(it, target, index)
        return
    if isinstance(target, Instance) and target.payload is not None:
        target = target.payload
    if isinstance(target, dict | list):
        it.memo.touched.append(target)
        it.trail.touch(target)
        if is_unknown(index) or isinstance(index, Sym) or it.haze(target):
            it.make_hazy(target, it.unknown("an unknown item of it is deleted"))
            return
        try:
            del target[index]
        except PYTHON_ERRORS as error:
            raise Raised(type(error), str(error)) from None
