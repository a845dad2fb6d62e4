"""``isinstance``: by class, and by the abstract base classes of ``collections.abc``, ``typing`` and ``numbers``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnlint.graph.dims import Sym
from cnnlint.static.builtintypes import class_of
from cnnlint.static.values import (
    Bound,
    Class,
    Device,
    External,
    Function,
    Instance,
    Iteration,
    ModuleInstance,
    Native,
    Partial,
    TensorValue,
    Unknown,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

_CALLABLE = (Function, Bound, Native, Partial, Class, ModuleInstance)
_ABSTRACT: dict[str, tuple[type, ...]] = {
    "Iterable": (list, tuple, dict, set, frozenset, str, range, Iteration), "Sequence": (list, tuple, str, range),
    "Mapping": (dict,), "MutableMapping": (dict,), "MutableSequence": (list,), "Number": (int, float, Sym),
    "Collection": (list, tuple, dict, set, frozenset, str), "Integral": (int, Sym), "Real": (int, float, Sym),
    "Sized": (list, tuple, dict, set, frozenset, str), "List": (list,), "Dict": (dict,), "Tuple": (tuple,),
    "Hashable": (int, str, tuple, float), "Generator": (Iteration,), "Iterator": (Iteration,), "Set": (set,),
}  # fmt: skip
"""The builtin types that count as an abstract base class. An object of a class counts if the class derives from one."""
_STRUCTURAL: dict[str, tuple[str, ...]] = {
    "Iterable": ("__iter__",), "Sized": ("__len__",), "Container": ("__contains__",), "Callable": ("__call__",),
    "Collection": ("__len__", "__iter__", "__contains__"), "Iterator": ("__iter__", "__next__"),
}  # fmt: skip
"""Abstract base classes that go by the methods a class has."""


def is_instance(it: Interpreter, value: Value, kinds: Value) -> bool | None:
    """``isinstance(value, kinds)``; ``None`` if it is not known."""
    if isinstance(kinds, tuple):
        answers = [is_instance(it, value, kind) for kind in kinds]
        return True if True in answers else None if None in answers else False
    if isinstance(value, Unknown):
        return None
    if isinstance(kinds, External):
        return _is_external_kind(it, value, kinds.path)
    if not isinstance(kinds, Class):
        return None
    if kinds.path in ("torch.Tensor", "torch.nn.Parameter"):
        return isinstance(value, TensorValue) and (kinds.path == "torch.Tensor" or value.trainable is not None)
    if isinstance(value, TensorValue):
        return False
    if kinds.path == "torch.device" or isinstance(value, Device):
        return isinstance(value, Device) and kinds.path in ("torch.device", "object")
    if isinstance(value, Class | Function | Bound | Native | Partial) and kinds.name == "object":
        return True
    cls = class_of(it, value)
    if cls is None:
        return None
    if cls.is_subclass(kinds) or kinds.name == "object":
        return True
    return None if cls.has("unresolved") else False


def _is_external_kind(it: Interpreter, value: Value, path: str) -> bool | None:
    """Against an abstract base class or a class of a library that is not read."""
    name = path.rpartition(".")[2]
    top = path.partition(".")[0]
    if top in ("collections", "typing", "numbers", "_collections_abc"):
        return _is_abstract(it, value, name)
    if isinstance(value, int | float | str | list | tuple | dict | set | Sym | None):
        return False
    if isinstance(value, TensorValue):
        return False if top in ("PIL", "numpy", "np") else None
    cls = class_of(it, value)
    if cls is None or top == "torch" or cls.has("unresolved"):
        return None
    # The library may only hand on a class that is read under another name.
    return None if any(base.name == name for base in cls.mro) else False


def _is_abstract(it: Interpreter, value: Value, name: str) -> bool | None:
    if name == "Callable" and (not isinstance(value, Instance) or isinstance(value, ModuleInstance)):
        return isinstance(value, _CALLABLE)
    if isinstance(value, TensorValue):
        return name in ("Iterable", "Sized", "Collection", "Hashable")
    if isinstance(value, Instance):
        return _object_is_abstract(it, value, name)
    return isinstance(value, _ABSTRACT[name]) if name in _ABSTRACT else None


def _object_is_abstract(it: Interpreter, value: Instance, name: str) -> bool | None:
    from cnnlint.static.attributes import find_in_class

    cls = value.cls
    if name in _STRUCTURAL and value.payload is None and not cls.container_kind:
        if all(find_in_class(it, cls, method) is not None for method in _STRUCTURAL[name]):
            return True
        return None if cls.has("unresolved") else False
    if cls.container_kind and name in ("Iterable", "Sized"):
        return True
    if name not in _ABSTRACT or name == "Hashable":
        return None
    if isinstance(value.payload, _ABSTRACT[name]):
        return True
    return None if cls.has("unresolved") else False
