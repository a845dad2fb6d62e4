"""Channel gates: a map scaled by factors computed from its own global pool (squeeze and excitation)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cnnlint.graph.model import ModelGraph, Node, Tensor
from cnnlint.graph.operations import (
    Activation,
    Convolution,
    Dense,
    Dropout,
    Elementwise,
    Identity,
    Merge,
    MergeKind,
    Normalisation,
    Reshape,
    Slice,
)
from cnnlint.graph.queries.pools import is_global_pool


@dataclass(frozen=True, slots=True)
class Gate:
    """``squeeze`` takes ``channels`` to ``width``, ``excite`` takes them back. ``activation`` is the name of the last
    nonlinearity in front of the product at ``node``, ``None`` where there is none."""

    node: Node
    squeeze: Node
    excite: Node
    channels: int
    width: int
    activation: str | None
    scaled: bool
    """Whether arithmetic with numbers follows the activation, as in ``relu6(x + 3) / 6``."""


def channel_gates(model: ModelGraph) -> Iterator[Gate]:
    """The gates of two layers with the pattern pool, squeeze, activation, excite, gate, product."""
    for node in model.nodes:
        if not isinstance(node.op, Merge) or node.op.kind is not MergeKind.MULTIPLY or not node.certain:
            continue
        for factor, gated in (tuple(node.inputs), tuple(reversed(node.inputs))) if len(node.inputs) == 2 else ():
            gate = _gate(model, node, factor, gated)
            if gate is not None:
                yield gate
                break


def _gate(model: ModelGraph, node: Node, factor: Tensor, gated: Tensor) -> Gate | None:
    above = list(_upwards(model, factor))
    layers = [index for index, each in enumerate(above) if isinstance(each.op, Convolution | Dense)]
    pools = [index for index, each in enumerate(above) if is_global_pool(each)]
    if len(layers) < 2 or not pools or layers[1] > pools[0] or len([i for i in layers if i < pools[0]]) != 2:
        return None
    excite, squeeze, pool = above[layers[0]], above[layers[1]], above[pools[0]]
    if pool.inputs[0] is not gated:
        return None
    behind = above[: layers[0]]
    names = [each.op.name for each in behind if isinstance(each.op, Activation)]
    channels, width = _fan(squeeze)
    if not isinstance(channels, int) or not isinstance(width, int) or _fan(excite)[::-1] != (channels, width):
        return None
    scaled = any(isinstance(each.op, Elementwise) for each in behind)
    return Gate(node, squeeze, excite, channels, width, names[0] if names else None, scaled)


def _upwards(model: ModelGraph, tensor: Tensor) -> Iterator[Node]:
    """The nodes above ``tensor`` as long as there is one way up, the global pool included."""
    node = model.producer(tensor)
    while node is not None and node.inputs:
        yield node
        keeps = Activation | Dropout | Identity | Normalisation | Reshape | Slice | Elementwise | Convolution | Dense
        if is_global_pool(node) or not isinstance(node.op, keeps):
            return
        node = model.producer(node.inputs[0])


def _fan(node: Node) -> tuple[object, object]:
    match node.op:
        case Convolution(in_channels=fan_in, out_channels=out, groups=1) | Dense(in_features=fan_in, out_features=out):
            return fan_in, out
        case _:
            return None, None
