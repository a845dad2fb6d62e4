"""Attributes and methods of tensor variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cnnlint import ops
from cnnlint.graph.model import Tensor
from cnnlint.static.library.numeric import array_attribute
from cnnlint.static.library.torchnames import missing
from cnnlint.static.signals import Raised
from cnnlint.static.values import (
    MISSING,
    Device,
    External,
    Native,
    Site,
    TensorValue,
    TorchSize,
    UnknownShape,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

INITIALISERS = frozenset(
    [
        "fill_",
        "zero_",
        "normal_",
        "uniform_",
        "copy_",
        "data_",
        "constant_",
        "xavier_uniform_",
        "kaiming_normal_",
        "trunc_normal_",
        "erfinv_",
        "exponential_",
        "geometric_",
        "log_normal_",
        "cauchy_",
        "random_",
        "bernoulli_",
        "share_memory_",
        "retain_grad",
        "register_hook",
        "backward",
        "zero_grad",
        "detach_",
        "pin_memory",
    ]
)
"""In-place methods that change values and nothing we track."""

_FIXED: dict[str, Value] = {
    "grad": None, "grad_fn": None, "is_cuda": False, "is_leaf": True, "is_sparse": False, "is_quantized": False,
    "is_nested": False, "layout": External("torch.strided"), "names": (), "is_mps": False, "itemsize": 4,
}  # fmt: skip
_AS_METHOD = {"T": "t", "mT": "mT", "H": "t", "mH": "mT", "real": "real", "imag": "imag"}


def tensor_attribute(it: Interpreter, tensor: TensorValue, name: str, site: Site) -> Value:
    """``tensor.name``."""
    simple = _SIMPLE.get(name)
    if simple is not None:
        return simple(it, tensor, site)
    if name == "grad" and it.live:
        return it.unknown("a gradient", site)
    if name in _FIXED:
        return _FIXED[name]
    if name in _AS_METHOD:
        from cnnlint.static.torchcalls import call_function

        return call_function(it, f"Tensor.{_AS_METHOD[name]}", [tensor], {}, site)
    if name in ("requires_grad_", "train"):
        return Native(name, lambda it, args, kwargs, site: _requires_grad(it, tensor, args, kwargs, site))
    if name == "set_":
        return Native(name, lambda it, args, kwargs, site: _set_source(it, tensor, args, kwargs, site))
    if name == "register_hook":
        it.hooked = True
    full = f"Tensor.{name}"
    if ops.function(full) is not None:
        return Native(full, lambda it, args, kwargs, site: _method(it, full, tensor, args, kwargs, site))
    if name in INITIALISERS:
        return Native(name, lambda it, args, kwargs, site: tensor)
    if name.startswith("__"):
        return MISSING
    if tensor.array:
        return array_attribute(it, tensor, name, site)
    absent = missing("Tensor", name)
    if absent is not None and tensor.shape is not None and name not in it.tensor_names:
        raise Raised(AttributeError, absent.text.partition(": ")[2], problem=absent)
    why = it.unknown(f"{full} is not in the ops table", site)
    if it.recorder.running:
        it.note(why)
    return why


def _method(
    it: Interpreter, name: str, tensor: TensorValue, args: list[Value], kwargs: dict[str, Value], site: Site
) -> Value:
    from cnnlint.static.torchcalls import call_function

    return call_function(it, name, [tensor, *args], kwargs, site)


def _shape(it: Interpreter, tensor: TensorValue, site: Site) -> Value:
    if tensor.shape is not None:
        return TorchSize(tensor.shape)
    if tensor.refine >= 0:
        return UnknownShape("the shape of an input is not known", site, tensor.refine)
    why = it.unknown("the shape of a tensor is not known", site)
    if it.recorder.running:
        it.note(why)
    return why


def _ndim(it: Interpreter, tensor: TensorValue, site: Site) -> Value:
    return len(tensor.shape) if tensor.shape is not None else it.unknown("the rank of a tensor is not known", site)


def _dtype(it: Interpreter, tensor: TensorValue, site: Site) -> Value:
    return External(f"torch.{tensor.dtype}") if tensor.dtype else it.unknown("the type of a tensor is not known", site)


def _data(it: Interpreter, tensor: TensorValue, site: Site) -> Value:
    return tensor


def _gradient(it: Interpreter, tensor: TensorValue, site: Site) -> Value:
    settled = it.script is None or it.script.settled(tensor)
    return (
        tensor.trainable
        if tensor.trainable is not None and settled
        else it.unknown("whether a tensor needs a gradient", site)
    )


def _device(it: Interpreter, tensor: TensorValue, site: Site) -> Value:
    return Device()


_SIMPLE: dict[str, Callable[[Interpreter, TensorValue, Site], Value]] = {
    "shape": _shape, "ndim": _ndim, "dtype": _dtype, "data": _data, "requires_grad": _gradient, "device": _device,
}  # fmt: skip


def _requires_grad(
    it: Interpreter, tensor: TensorValue, args: list[Value], kwargs: dict[str, Value], site: Site
) -> Value:
    wanted = args[0] if args else kwargs.get("requires_grad", True)
    if it.script is not None:
        it.script.requires_grad(it, [tensor], wanted, site)
    if tensor.trainable is not None and isinstance(wanted, bool):
        it.effect()
        tensor.trainable = wanted
    return tensor


def _set_source(it: Interpreter, tensor: TensorValue, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    """``tensor.set_(source)`` holds what ``source`` holds, ``tensor.set_()`` nothing."""
    from cnnlint.static.torchcalls import move

    source = args[0] if args else kwargs.get("source")
    if source is None:
        return move(it, tensor, TensorValue(Tensor((0,), tensor.dtype)))
    if len(args) + len(kwargs) == 1 and isinstance(source, TensorValue):
        return move(it, tensor, source)
    return move(it, tensor, TensorValue(Tensor(None, tensor.dtype)))


def set_tensor_attribute(it: Interpreter, tensor: TensorValue, name: str, value: Value, site: Site) -> None:
    """``tensor.name = value``."""
    it.effect()
    it.tensor_names.add(name)
    if name == "requires_grad" and it.script is not None:
        it.script.requires_grad(it, [tensor], value, site)
    if name == "requires_grad" and tensor.trainable is not None and isinstance(value, bool):
        tensor.trainable = value
    elif name == "data" and isinstance(value, TensorValue):
        it.trail.touch(tensor)
        old = tensor.edge
        tensor.edge = Tensor(value.shape, value.dtype, old.origin, old.index, old.name)
