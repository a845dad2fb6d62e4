"""The layer behind a call."""

from __future__ import annotations

from cnnlint.graph.model import ModelGraph, Module, Node
from cnnlint.graph.span import Span


def layer_of(node: Node) -> Module | Node:
    """The layer of torch that ``node`` calls, whose construction wrote down its kernel size, stride and so on; ``node``
    itself for a functional call, where the call wrote them down."""
    module = node.module
    own = module.builtin and module.leaf and module.built_at is not None and len(node.inputs) == 1
    return module if own else node


def built_only_by(model: ModelGraph, node: Node) -> Span | None:
    """Where torch's layer behind ``node`` is built, if no other layer of the model is built there: a change of its
    arguments changes nothing else."""
    module = node.module
    if not module.builtin or not module.leaf or module.type.startswith("Lazy"):
        return None
    alike = [other for other in model.modules.values() if other.built_at == module.built_at]
    return module.built_at if len(alike) == 1 else None


_ARGUMENTS = {
    "LazyConv": ("out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias"),
    "Conv": ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias"),
    "MaxPool": ("kernel_size", "stride", "padding", "dilation"),
    "AvgPool": ("kernel_size", "stride", "padding", "ceil_mode"),
    "Upsample": ("size", "scale_factor", "mode", "align_corners"),
}
"""The first parameters of torch's constructors, by the beginning of the class name. A transposed convolution's begin
alike up to its padding."""


def argument_position(layer: Module, name: str) -> int | None:
    """Where ``name`` stands among the positional arguments of a layer's construction."""
    for start, names in _ARGUMENTS.items():
        if layer.type.startswith(start):
            return names.index(name) if name in names else None
    return None


def place_of(node: Node) -> Span:
    """Where to point for ``node``: the construction of its layer, or the call."""
    layer = layer_of(node)
    return layer.built_at or node.span if isinstance(layer, Module) else node.span
