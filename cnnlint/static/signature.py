"""Structures as hashable tokens: equal tokens behave equally."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from cnnlint.graph.dims import Sym
from cnnlint.static.memo import Signature
from cnnlint.static.values import (
    Bound,
    Class,
    Device,
    EnumMember,
    External,
    Function,
    ModuleInstance,
    NamedTuple,
    Native,
    Partial,
    TensorValue,
    Value,
    births,
)  # fmt: skip

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter


class Unsignable(Exception):
    """A value whose behaviour no token can stand for."""


_PLAIN = frozenset({int, float, bool, str, bytes, type(None), complex, type(...)})


def token_of(it: Interpreter, value: Value) -> Hashable:
    """A token for an argument or attribute. Raises :class:`Unsignable`."""
    kind = type(value)
    if kind in _PLAIN or kind is Sym:
        return kind, value
    if isinstance(value, list | tuple | dict | set):
        if it.haze(value):
            raise Unsignable
        if kind is not tuple:
            it.memo.alive[id(value)] = value
            it.memo.signed.add(id(value))
    match value:
        case Class() | Function() | Native():
            it.memo.alive[id(value)] = value
            return "object", id(value)
        case External() | Device():
            return value
        case EnumMember():
            return "member", id(value.cls), value.name
        case NamedTuple():
            return (id(value.cls), *(token_of(it, item) for item in value))
        case list() | tuple():
            return (kind, *(token_of(it, item) for item in value))
        case dict():
            return (kind, *((token_of(it, key), token_of(it, item)) for key, item in value.items()))
        case Partial():
            kwargs = tuple((name, token_of(it, item)) for name, item in value.kwargs.items())
            return ("partial", token_of(it, value.function), tuple(token_of(it, item) for item in value.args), kwargs)
        case Bound():
            return "bound", token_of(it, value.function), token_of(it, value.self)
        case ModuleInstance():
            return "module", signature(it, value)
        case range():
            return value
        case _:
            raise Unsignable


def tensor_token(value: TensorValue) -> Hashable:
    """What matters of a tensor: shape, element type, known elements, whether it is trained."""
    if value.refine >= 0:
        raise Unsignable
    return value.edge.shape, value.edge.dtype, value.values, value.trainable


def signature(it: Interpreter, module: ModuleInstance) -> int:
    """One number for all modules of equal structure: class, attributes, parameters, children.

    Raises :class:`Unsignable`. Computed once for as long as nothing is changed."""
    memo = it.memo
    known = memo.signatures.get(id(module))
    if known is not None and memo.holds(known):
        if known.number is None:
            raise Unsignable
        return known.number
    found = memo.signatures[id(module)] = Signature(module, births(), len(memo.effects), len(memo.touched))
    if it.haze(module.modules) or it.haze(module.params):
        raise Unsignable
    memo.alive[id(module.cls)] = module.cls
    found.number = memo.token(_structure(it, module))
    return found.number


def _structure(it: Interpreter, module: ModuleInstance) -> Hashable:
    return (
        id(module.cls),
        tuple((name, _attribute(it, value)) for name, value in module.attrs.items()),
        tuple((name, _child(it, child)) for name, child in module.modules.items()),
        tuple((name, _tensor(value)) for name, value in module.params.items()),
        tuple((name, _tensor(value)) for name, value in module.buffers.items()),
    )


def _attribute(it: Interpreter, value: Value) -> Hashable:
    return tensor_token(value) if isinstance(value, TensorValue) else token_of(it, value)


def _child(it: Interpreter, child: Value) -> Hashable:
    if child is None:
        return None
    if not isinstance(child, ModuleInstance):
        raise Unsignable
    return signature(it, child)


def _tensor(value: Value) -> Hashable:
    if value is None:
        return None
    if not isinstance(value, TensorValue):
        raise Unsignable
    return tensor_token(value)
