"""Heads: linear layers that read a flattened map."""

from __future__ import annotations

from dataclasses import dataclass

from cnnlint.graph.dims import Shape
from cnnlint.graph.model import ModelGraph, Node, Tensor
from cnnlint.graph.operations import AdaptivePooling, Dense, Reshape, ReshapeKind
from cnnlint.graph.queries.chains import behind, is_pointwise


@dataclass(frozen=True, slots=True)
class Flattened:
    """A map ``(N, C, *sizes)`` made one row of features: ``shape`` is ``(C, *sizes)``."""

    node: Node
    map: Tensor
    shape: Shape


def flattened_input(model: ModelGraph, tensor: Tensor) -> Flattened | None:
    """The flatten that ``tensor``, the input of a linear layer, comes from, possibly through pointwise operations."""
    node = model.producer(tensor)
    while node is not None and is_pointwise(node):
        node = model.producer(node.inputs[0])
    return flattening(node) if node is not None else None


def flattening(node: Node) -> Flattened | None:
    """What ``node`` flattens, if it joins all axes behind the batch."""
    if not isinstance(node.op, Reshape) or node.op.kind is not ReshapeKind.FLATTEN or not node.certain:
        return None
    shape = node.inputs[0].shape
    if shape is None or len(shape) < 3 or node.op.start != 1 or node.op.end != len(shape) - 1:
        return None
    return Flattened(node, node.inputs[0], shape[1:])


def is_bound_to_size(model: ModelGraph) -> bool:
    """Whether a linear layer reads a flattened map whose size follows from the input's: a fix that changes the size of
    maps would make it raise."""
    flattened = (
        flattened_input(model, node.inputs[0]) for node in model.nodes if isinstance(node.op, Dense) and node.inputs
    )
    makers = [model.producer(flat.map) for flat in flattened if flat is not None]
    return any(maker is None or not isinstance(maker.op, AdaptivePooling) for maker in makers)


def dense_chain(model: ModelGraph, first: Node) -> tuple[Node, ...] | None:
    """``first`` and the linear layers that follow it one after the other up to what the model returns; ``None`` if
    anything else but pointwise operations reads a result on the way."""
    chain = [first]
    while True:
        readers = behind(model, chain[-1].output, is_pointwise)
        if not readers:
            return tuple(chain)
        if len(readers) != 1 or not isinstance(readers[0].op, Dense) or not readers[0].certain:
            return None
        chain.append(readers[0])
