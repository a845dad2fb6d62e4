"""Chains of operations: what stands before and behind a tensor, through operations that keep it in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from cnnlint.graph.model import ModelGraph, Node, Tensor
from cnnlint.graph.operations import (
    Activation,
    AdaptivePooling,
    Convolution,
    Dropout,
    Elementwise,
    Identity,
    Normalisation,
    Pooling,
)  # fmt: skip

Passes: TypeAlias = Callable[[Node], bool]


def is_transparent(node: Node) -> bool:
    """Normalisation, dropout and identity: what linear analysis of a chain looks through."""
    return isinstance(node.op, Normalisation | Dropout | Identity)


def is_pointwise(node: Node) -> bool:
    """Transparent operations, activations and arithmetic with one tensor: every position keeps its place."""
    return is_transparent(node) or isinstance(node.op, Activation) or (
        isinstance(node.op, Elementwise) and len(node.inputs) == 1
    )  # fmt: skip


def is_spatial(node: Node) -> bool:
    """Operations whose output is a map ``(N, C, *sizes)``."""
    return isinstance(node.op, Convolution | Pooling | AdaptivePooling)


def sole_reader(model: ModelGraph, tensor: Tensor) -> Node | None:
    """The one node that reads ``tensor``, if the model does not return it too."""
    readers = model.consumers.get(tensor, ())
    if len(readers) == 1 and tensor not in model.returned and readers[0].certain:
        return readers[0]
    return None


def source(model: ModelGraph, tensor: Tensor, passing: Passes = is_transparent) -> Node | None:
    """The node that made ``tensor``, looked for above operations that ``passing`` accepts; ``None`` where the chain
    ends in an input, a parameter or a constant."""
    node = model.producer(tensor)
    while node is not None and passing(node) and node.inputs:
        node = model.producer(node.inputs[0])
    return node


def behind(model: ModelGraph, tensor: Tensor, passing: Passes = is_transparent) -> tuple[Node, ...]:
    """The nodes that read ``tensor``, looked for below operations that ``passing`` accepts, in execution order."""
    found: set[Node] = set()
    stack = [tensor]
    seen = {tensor}
    while stack:
        for node in model.consumers.get(stack.pop(), ()):
            if not passing(node):
                found.add(node)
                continue
            stack += [output for output in node.outputs if output not in seen]
            seen.update(node.outputs)
    return tuple(sorted(found, key=lambda node: node.index))


def reaches_output(model: ModelGraph, tensor: Tensor, passing: Passes = is_transparent) -> bool:
    """Whether the model returns ``tensor``, or what operations that ``passing`` accepts make of it."""
    stack = [tensor]
    seen = {tensor}
    while stack:
        current = stack.pop()
        if current in model.returned:
            return True
        for node in model.consumers.get(current, ()):
            if passing(node):
                stack += [output for output in node.outputs if output not in seen]
                seen.update(node.outputs)
    return False


def forward_chain(model: ModelGraph, node: Node) -> Iterator[Node]:
    """The nodes behind ``node`` as long as each is the sole reader of the one before, in order."""
    reader = sole_reader(model, node.output)
    while reader is not None:
        yield reader
        reader = sole_reader(model, reader.output)


def depends_on(model: ModelGraph, node: Node, earlier: Node) -> bool:
    """Whether ``node`` depends on ``earlier``. Nodes stand in the order in which they ran, so that none before
    ``earlier`` needs to be looked at."""
    seen: set[Node] = set()
    stack = [node]
    while stack:
        for tensor in stack.pop().inputs:
            producer = model.producer(tensor)
            if producer is earlier:
                return True
            if producer is not None and producer.index > earlier.index and producer not in seen:
                seen.add(producer)
                stack.append(producer)
    return False


def ancestors(model: ModelGraph, node: Node) -> frozenset[Node]:
    """All nodes that ``node`` depends on."""
    found: set[Node] = set()
    stack = [node]
    while stack:
        for tensor in stack.pop().inputs:
            producer = model.producer(tensor)
            if producer is not None and producer not in found:
                found.add(producer)
                stack.append(producer)
    return frozenset(found)


def stem_convolutions(model: ModelGraph) -> frozenset[Node]:
    """The convolutions that see the model's inputs: no other convolution stands before them."""
    fed: set[Tensor] = set()
    stems: set[Node] = set()
    for node in model.nodes:
        behind_one = any(tensor in fed for tensor in node.inputs)
        if isinstance(node.op, Convolution) and not behind_one:
            stems.add(node)
        if behind_one or isinstance(node.op, Convolution):
            fed.update(node.outputs)
    return frozenset(stems)
