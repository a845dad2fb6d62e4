"""What becomes of a constant that is added to each channel, as a bias adds it."""

from __future__ import annotations

from cnnlint.graph.dims import same
from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import (
    AdaptivePooling,
    Convolution,
    Dense,
    Identity,
    Normalisation,
    NormKind,
    Pooling,
    Resample,
)  # fmt: skip


def cancelling_norm(model: ModelGraph, node: Node) -> Node | None:
    """The normalisation that subtracts whatever ``node``, a convolution or linear layer, adds to a channel.

    It is the only reader of the output, directly or behind pools and interpolation: the maximum, the mean or the
    blend of values that all grow by ``b`` grows by ``b``."""
    tensor, axes = node.output, _axes_behind_channels(node)
    if axes is None:
        return None
    while True:
        readers = model.consumers.get(tensor, ())
        if len(readers) != 1 or tensor in model.returned or not readers[0].certain:
            return None
        reader = readers[0]
        if isinstance(reader.op, Normalisation):
            return reader if _subtracts_channel_means(model, reader, reader.op) else None
        if not _keeps_constants(reader, axes):
            return None
        tensor = reader.output


def _axes_behind_channels(node: Node) -> int | None:
    """The number of axes after axis 1, if that is the axis along which the bias differs; batch norm takes its means
    for each index of it."""
    shape = node.output.shape
    match node.op:
        case Convolution(kernel_size=kernel) if shape is not None and len(shape) == len(kernel) + 2:
            return len(kernel)
        case Dense() if shape is not None and len(shape) == 2:
            return 0
        case _:
            return None


def _keeps_constants(node: Node, axes: int) -> bool:
    """Whether ``f(x + b) = f(x) + b`` for a constant b. An average over padding counts zeros, which do not grow; a
    pool over another number of axes mixes channels."""
    match node.op:
        case Pooling(kind="max", kernel_size=kernel):
            return len(kernel) == axes
        case Pooling(kind="avg", kernel_size=kernel, padding=padding):
            return len(kernel) == axes and not any(padding)
        case AdaptivePooling(output_size=sizes):
            return len(sizes) == axes
        case Identity() | Resample():
            return len(node.inputs) == 1
        case _:
            return False


def _subtracts_channel_means(model: ModelGraph, node: Node, op: Normalisation) -> bool:
    if not from_layer(node) or kept_in_eval(model, node):
        return False
    match op.kind:
        case NormKind.BATCH | NormKind.INSTANCE:
            return True
        case NormKind.GROUP:
            return same(op.groups, op.features)
        case _:
            return False


def from_layer(node: Node) -> bool:
    """Whether a layer made the call rather than a functional form, whose parameters stand among its inputs.

    A functional batch norm may use stored statistics in training too; a layer says how it stands."""
    return len(node.inputs) == 1


def kept_in_eval(model: ModelGraph, norm: Node) -> bool:
    """Whether a normalisation works with stored statistics while the model around it is trained: it was put in
    evaluation mode, or all of its parameters are frozen, which stands for the same intention."""
    module = norm.module
    if not module.training and model.root.training:
        return True
    return bool(module.parameters) and not any(parameter.trainable for parameter in module.parameters)
