"""Going through the items of a value, and joining what two branches left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnlint.graph.dims import Dim, Sym, opaque, same
from cnnlint.graph.operations import Opaque
from cnnlint.static.interpreter import MAX_ITEMS
from cnnlint.static.signals import Raised
from cnnlint.static.trail import Changes, restore
from cnnlint.static.values import (
    MISSING,
    Bound,
    Class,
    EnumMember,
    Function,
    Instance,
    Iteration,
    ModuleInstance,
    Native,
    TensorValue,
    Unknown,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter
    from cnnlint.static.values import Site


def items_of(it: Interpreter, value: Value) -> list[Value] | None:
    """The items that iteration over ``value`` gives; ``None`` if they are not known."""
    match value:
        case list() | tuple() | set() | frozenset() | dict() | str() | bytes():
            return None if it.haze(value) else _bounded(value)
        case range() | Iteration():
            return _bounded(value)
        case ModuleInstance():
            return _module_items(it, value)
        case TensorValue():
            return _tensor_items(it, value)
        case Class() if value.has("enum"):
            from cnnlint.static.classes import enum_members

            return list(enum_members(it, value))
        case Instance():
            return _instance_items(it, value)
        case Unknown() | Sym():
            return None
        case int() | float() | None | Function() | EnumMember() | Bound():
            raise Raised(TypeError, f"{type(value).__name__!r} object is not iterable")
        case _:
            return None


def _bounded(value: Any) -> list[Value]:
    if hasattr(value, "__len__") and len(value) > MAX_ITEMS:
        raise Raised(MemoryError, "the sequence is too long")
    return list(value)


def _module_items(it: Interpreter, module: ModuleInstance) -> list[Value] | None:
    from cnnlint.static.attributes import find_in_class
    from cnnlint.static.calls import call

    found = find_in_class(it, module.cls, "__iter__")
    if isinstance(found, Function):
        return items_of(it, call(it, found, [module], {}, None))
    kind = module.cls.container_kind
    if it.haze(module.modules):
        return None
    if kind in ("sequential", "list"):
        return list(module.modules.values())
    if kind == "dict":
        return list(module.modules)
    if kind == "parameters":
        return list(module.params.values())
    return None


def _tensor_items(it: Interpreter, tensor: TensorValue) -> list[Value] | None:
    from cnnlint.static.torchcalls import call_function

    if not tensor.shape or not isinstance(tensor.shape[0], int) or tensor.shape[0] > 4096:
        return None
    return [call_function(it, "operator.getitem", [tensor, index], {}, None) for index in range(tensor.shape[0])]


def _instance_items(it: Interpreter, value: Instance) -> list[Value] | None:
    from cnnlint.static.attributes import find_in_class
    from cnnlint.static.calls import call

    if value.payload is not None:
        return items_of(it, value.payload)
    found = find_in_class(it, value.cls, "__iter__")
    if isinstance(found, Function | Native):
        made = call(it, found, [value], {}, None)
        return None if made is value else items_of(it, made)
    getitem, length = find_in_class(it, value.cls, "__getitem__"), find_in_class(it, value.cls, "__len__")
    if isinstance(getitem, Function) and isinstance(length, Function):
        count = call(it, length, [value], {}, None)
        if isinstance(count, int) and count <= 4096:
            return [call(it, getitem, [value, index], {}, None) for index in range(count)]
    return None


# ---- joining branches -----------------------------------------------------------------------------------------


def merge(it: Interpreter, one: Changes, other: Changes, site: Site) -> None:
    """Leave in every container what holds whichever of the two branches was taken."""
    it.spend(len(one) + len(other))
    for key in {**one, **other}:
        first, second = one.get(key), other.get(key)
        change = first or second
        assert change is not None
        before = change.before
        after_one = first.after if first is not None else before
        after_other = second.after if second is not None else before
        _merge_container(it, change.container, before, after_one, after_other, site)


def _merge_container(it: Interpreter, container: Any, before: Any, one: Any, other: Any, site: Site) -> None:
    it.trail.touch(container)
    if isinstance(container, TensorValue):
        made = join(it, TensorValue(*one), TensorValue(*other), site)
        restore(container, (made.edge, made.values))
    elif isinstance(container, dict):
        keys = list(dict.fromkeys([*one, *other]))
        joined = {key: _join_entry(it, one.get(key, MISSING), other.get(key, MISSING), site) for key in keys}
        restore(container, joined)
    elif isinstance(container, list) and len(one) == len(other):
        restore(container, [join(it, a, b, site) for a, b in zip(one, other, strict=True)])
    elif one != other:
        restore(container, before)
        it.make_hazy(container, it.unknown("changed in a branch that may not be taken", site))
    else:
        restore(container, one)


def _join_entry(it: Interpreter, one: Value, other: Value, site: Site) -> Value:
    if one is MISSING or other is MISSING:
        present = other if one is MISSING else one
        if isinstance(present, Function | Class):
            return present
        return it.unknown("set in a branch that may not be taken", site)
    return join(it, one, other, site)


def join(it: Interpreter, one: Value, other: Value, site: Site) -> Value:
    """A value that stands for either of two."""
    from cnnlint.static.operators import equal

    if one is other:
        return one
    if isinstance(one, TensorValue) and isinstance(other, TensorValue):
        return _join_tensors(it, one, other, site)
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other) and type(one) is type(other):
        joined = [join(it, a, b, site) for a, b in zip(one, other, strict=True)]
        if type(one) is tuple:
            return tuple(joined)
    plain = int | float | str | bool | Sym
    if isinstance(one, plain) and isinstance(other, plain) and type(one) is type(other) and equal(it, one, other):
        return one
    for side in (one, other):
        if isinstance(side, Unknown) and not side.name:
            return side.bare()
    return it.unknown("differs between branches of which either may be taken", site)


def _join_tensors(it: Interpreter, one: TensorValue, other: TensorValue, site: Site) -> TensorValue:
    if one.edge is other.edge:
        return one
    shape = None
    if one.shape is not None and other.shape is not None and len(one.shape) == len(other.shape):
        shape = tuple(_join_dim(a, b) for a, b in zip(one.shape, other.shape, strict=True))
    dtype = one.dtype if one.dtype == other.dtype else None
    if it.recorder.running:
        it.note(it.unknown("which of two branches is taken is not known", site))
    return it.recorder.add(Opaque("either"), (one, other), shape, dtype, site)


def _join_dim(one: Dim, other: Dim) -> Dim:
    return one if same(one, other) else opaque()
