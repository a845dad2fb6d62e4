"""The ops table: what each torch layer and function means for shapes, parameters and multiply-adds.

>>> layer("torch.nn.Conv2d").name
'Conv2d'
>>> function("Tensor.relu").name
'relu'
"""

from __future__ import annotations

from functools import cache

from cnnlint.ops.spec import FunctionSpec, LayerSpec

__all__ = ["all_functions", "all_layers", "ancestors", "function", "layer"]


def layer(path: str) -> LayerSpec | None:
    """The layer with the full name ``path``: ``torch.nn.Conv2d``, or ``torch.nn.modules.conv.Conv2d``, where torch
    defines it. ``None`` for a class the table does not hold."""
    return _layers().get(_public(path))


def function(name: str) -> FunctionSpec | None:
    """The function with the full name ``name``: ``torch.relu``, ``torch.nn.functional.relu`` or, for a tensor method,
    ``Tensor.relu``. ``None`` for a function the table does not hold."""
    return _functions().get(name)


def ancestors(path: str) -> tuple[str, ...]:
    """The base classes below ``torch.nn.Module`` of the layer ``path``, nearest first, by the names under which torch
    exposes them: ``torch.nn.modules.conv._ConvNd``."""
    from cnnlint.ops.layers.bases import ancestors_of

    return ancestors_of(_public(path))


def all_layers() -> tuple[LayerSpec, ...]:
    """Every layer of the table."""
    from cnnlint.ops.layers import LAYERS

    return LAYERS


def all_functions() -> tuple[FunctionSpec, ...]:
    """Every function of the table."""
    from cnnlint.ops.neural import FUNCTIONS as NEURAL
    from cnnlint.ops.tensors import FUNCTIONS as TENSORS

    return NEURAL + TENSORS


@cache
def _layers() -> dict[str, LayerSpec]:
    return {spec.path: spec for spec in all_layers()}


@cache
def _functions() -> dict[str, FunctionSpec]:
    return {name: spec for spec in all_functions() for name in spec.names}


def _public(path: str) -> str:
    short = "torch.nn." + path.rpartition(".")[2]
    return short if path.startswith("torch.nn.modules.") and short in _layers() else path
