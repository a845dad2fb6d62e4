"""Where branches meet: additions, concatenations and gates, and the shortcut among the branches of an addition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cnnlint.graph.dims import Dim
from cnnlint.graph.model import ModelGraph, Node, Tensor
from cnnlint.graph.operations import Elementwise, Identity, Merge, MergeKind
from cnnlint.graph.queries.chains import Passes, is_pointwise
from cnnlint.graph.queries.weights import input_dependent


@dataclass(frozen=True, slots=True)
class Residual:
    """An addition of what a branch computes to the tensor that the branch starts from.

    ``branch`` are the nodes between the two, in execution order; ``shortcut`` is the tensor that goes around them."""

    node: Node
    main: Tensor
    shortcut: Tensor
    branch: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Projection:
    """The 1×1 convolution that gives a shortcut the shape of the main path."""

    fan_in: int
    out: int
    stride: tuple[int, ...]

    @property
    def weights(self) -> int:
        return self.fan_in * self.out

    @property
    def text(self) -> str:
        steps = str(self.stride[0]) if len(set(self.stride)) == 1 else str(self.stride)
        return f"Conv{len(self.stride)}d({self.fan_in}, {self.out}, 1, stride={steps})"


def additions(model: ModelGraph) -> Iterator[Node]:
    """The additions of two computed tensors that certainly run."""
    for node in model.nodes:
        if isinstance(node.op, Merge) and node.op.kind is MergeKind.ADD and node.certain and len(node.inputs) == 2:
            yield node


def residual(model: ModelGraph, node: Node) -> Residual | None:
    """``node`` as an addition around a branch, with the identity or nothing but ``nn.Identity`` as the shortcut;
    ``None`` where both operands are computed."""
    if len(node.inputs) != 2 or node.inputs[0] is node.inputs[1]:
        return None
    for shortcut, main in (tuple(node.inputs), tuple(reversed(node.inputs))):
        start = _through_identity(model, shortcut)
        branch = _branch(model, start, main)
        if branch:
            return Residual(node, main, start, branch)
    return None


def _through_identity(model: ModelGraph, tensor: Tensor) -> Tensor:
    producer = model.producer(tensor)
    while producer is not None and isinstance(producer.op, Identity) and producer.inputs:
        tensor = producer.inputs[0]
        producer = model.producer(tensor)
    return tensor


def _branch(model: ModelGraph, start: Tensor, main: Tensor) -> tuple[Node, ...]:
    """The nodes on the paths from ``start`` to ``main``; none if no path leads there."""
    last = model.producer(main)
    if last is None or main is start:
        return ()
    fed = {start}
    reached: list[Node] = []
    for node in model.nodes[max(start.index, 0) : last.index + 1]:
        if any(tensor in fed for tensor in node.inputs):
            fed.update(node.outputs)
            reached.append(node)
    if main not in fed:
        return ()
    needed = {main}
    branch: list[Node] = []
    for node in reversed(reached):
        if any(tensor in needed for tensor in node.outputs):
            needed.update(node.inputs)
            branch.append(node)
    return tuple(reversed(branch))


def projection(shortcut: Tensor, main: Tensor) -> Projection | None:
    """What the shortcut needs to fit the main path; ``None`` where no stride brings it to that size."""
    if shortcut.shape is None or main.shape is None or not 3 <= len(shortcut.shape) == len(main.shape) <= 5:
        return None
    (_, fan_in, *before), (_, out, *after) = shortcut.shape, main.shape
    strides = [_stride(large, small) for large, small in zip(before, after, strict=True)]
    if not isinstance(fan_in, int) or not isinstance(out, int) or None in strides:
        return None
    return Projection(fan_in, out, tuple(step for step in strides if step is not None))


def _stride(before: Dim, after: Dim) -> int | None:
    """The stride that a 1×1 convolution needs to make ``after`` positions of ``before``."""
    for step in range(1, 33):
        if (before - 1) // step + 1 == after:
            return step
    return None


def pointwise_in(model: ModelGraph) -> Passes:
    """A predicate for what leaves every position in its place: pointwise operations, and arithmetic of one computed
    map with constants or parameters, such as a frozen batch norm written out."""
    computed = input_dependent(model)

    def passes(node: Node) -> bool:
        if is_pointwise(node):
            return True
        arithmetic = isinstance(node.op, Elementwise) or (
            isinstance(node.op, Merge) and node.op.kind is not MergeKind.CONCATENATE
        )
        return arithmetic and sum(tensor in computed or not _by_channel(tensor) for tensor in node.inputs) == 1

    return passes


def _by_channel(tensor: Tensor) -> bool:
    """Whether a tensor has one number for each channel: ``(1, C, 1, 1)``, ``(C, 1, 1)`` or a single number."""
    if tensor.shape is None:
        return False
    return all(size == 1 for size in tensor.shape[-2:]) and all(size == 1 for size in tensor.shape[:-3])
