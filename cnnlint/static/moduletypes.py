"""Element types of modules: casts, and inputs of another type than the weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from cnnlint.graph.model import Problem, ProblemKind
from cnnlint.ops.spec import LayerSpec, Refused, Result
from cnnlint.ops.tensors.dtypes import dtype_named
from cnnlint.static.devices import note_device
from cnnlint.static.values import External, ModuleInstance, Site, TensorValue, Unknown, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

Args = list[Value]
Kwargs = dict[str, Value]
Method = Callable[["Interpreter", Args, Kwargs, Site], Value]

_ANY_TYPE = ("Embedding", "RMSNorm", "AdaptiveLogSoftmax")
_HALF_TOO = ("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm")
"""Layers that take half precision beside weights of full precision."""


def wants_own_type(
    it: Interpreter, module: ModuleInstance, spec: LayerSpec, inputs: list[Value], result: Result
) -> None:
    """Refuses an input whose element type is not that of the layer's weights."""
    own = next((p.dtype for p in module.params.values() if isinstance(p, TensorValue)), None)
    dtype = inputs[0].dtype if inputs and isinstance(inputs[0], TensorValue) else None
    if it.types_change or own is None or dtype is None or own == dtype or spec.name.startswith(_ANY_TYPE):
        return
    if spec.name.startswith(_HALF_TOO) and dtype in ("float16", "bfloat16"):
        return
    problem = Problem(ProblemKind.DTYPE, f"has weights of {own}, gets input of {dtype}", own, dtype)
    raise Refused(problem, result)


def casting(name: str) -> Method:
    """``module.double()`` and its kin: floating parameters and buffers change their type."""
    dtype = {"half": "float16", "float": "float32", "double": "float64"}.get(name, name)

    def method(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        retype(it, args[0], dtype)
        return args[0]

    return method


def typed(it: Interpreter, module: ModuleInstance, wanted: Value) -> None:
    """The element type that a constructor is told: ``nn.Linear(4, 4, dtype=torch.half)``."""
    if wanted is not None:
        retype(it, module, dtype_named(wanted.path) if isinstance(wanted, External) else None)


def retype(it: Interpreter, module: ModuleInstance, dtype: str | None) -> None:
    """Give the floating parameters and buffers below ``module`` another element type; ``None``: not known."""
    from cnnlint.static.modules import named_modules

    for _, owner in named_modules(it, module):
        it.effect(owner)
        for value in (*owner.params.values(), *owner.buffers.values()):
            if isinstance(value, TensorValue) and (value.dtype is None or "float" in value.dtype):
                it.trail.touch(value)
                value.edge = replace(value.edge, dtype=dtype)


def moving(name: str) -> Method:
    """``module.to(...)``, ``cuda()`` and ``type()``: a device is noted, an element type takes effect."""

    def method(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        note_device(it, name, args, kwargs, site)
        wanted = kwargs.get("dtype", next((arg for arg in args[1:] if _names_type(arg)), None))
        if wanted is not None or any(isinstance(arg, Unknown | TensorValue) for arg in args[1:]):
            retype(it, args[0], dtype_named(wanted.path) if isinstance(wanted, External) else None)
        return args[0]

    return method


def _names_type(value: Value) -> bool:
    return isinstance(value, External) and dtype_named(value.path) is not None
