"""Where channels are mixed, and where they stay apart."""

from __future__ import annotations

from cnnlint.graph.model import ModelGraph, Node, Tensor
from cnnlint.graph.operations import (
    Activation,
    Convolution,
    Merge,
    MergeKind,
    Pooling,
    Reduction,
    Resample,
)
from cnnlint.graph.queries.chains import is_pointwise
from cnnlint.graph.queries.depth import is_depthwise
from cnnlint.graph.queries.pools import is_global_pool


def keeps_channels_apart(node: Node) -> bool:
    """Whether each channel of the output depends on that channel of the inputs only."""
    if is_pointwise(node) or is_depthwise(node) or is_global_pool(node):
        return True
    match node.op:
        case Activation(name=name):
            return "softmax" not in name
        case Pooling() | Resample() | Merge(kind=MergeKind.ADD | MergeKind.MULTIPLY | MergeKind.CONCATENATE):
            return True
        case Reduction(axes=axes):
            return 1 not in axes
        case _:
            return False


def next_unmixed(model: ModelGraph, depthwise: Node) -> Node | None:
    """The next depthwise convolution behind ``depthwise`` that is reached through an activation before anything mixed
    the channels; ``None`` if there is none."""
    stack: list[tuple[Tensor, bool]] = [(depthwise.output, False)]
    seen: set[Tensor] = set()
    while stack:
        tensor, activated = stack.pop()
        for node in model.consumers.get(tensor, ()):
            if is_depthwise(node) and activated:
                return node
            if keeps_channels_apart(node) and node.output not in seen:
                seen.add(node.output)
                stack.append((node.output, activated or isinstance(node.op, Activation)))
    return None


def is_returned_unmixed(model: ModelGraph, depthwise: Node) -> bool:
    """Whether the model returns what ``depthwise`` made without anything that mixes channels on any way there."""
    stack, seen = [depthwise.output], {depthwise.output}
    returned = False
    while stack:
        tensor = stack.pop()
        returned = returned or tensor in model.returned
        for node in model.consumers.get(tensor, ()):
            if not keeps_channels_apart(node):
                return False
            stack += [output for output in node.outputs if output not in seen]
            seen.update(node.outputs)
    return returned


def mixes_all_channels(node: Node) -> bool:
    """Whether this is an ungrouped convolution."""
    return isinstance(node.op, Convolution) and node.op.groups == 1
