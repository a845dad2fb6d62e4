"""In-place operations on tensors that the backward pass still needs.

Torch keeps tensors for the backward pass and refuses it if one of them was changed since. Most operations keep their
input; those in :data:`KEEPS_OUTPUT` keep what they returned instead; sums, concatenation and dropout keep neither. What
needs no gradient keeps nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from cnnlint.graph.model import ModelGraph, Node, Origin, Tensor
from cnnlint.graph.operations import (
    Activation,
    AdaptivePooling,
    Convolution,
    Dense,
    Dropout,
    Elementwise,
    Identity,
    Merge,
    MergeKind,
    Normalisation,
    Pooling,
)

KEEPS_OUTPUT = frozenset(
    {"relu", "sigmoid", "tanh", "softmax", "softmin", "log_softmax", "exp", "sqrt", "rsqrt", "reciprocal"}
)
KEEPS_OUTPUT_IN_PLACE = frozenset({"leaky_relu", "elu", "celu", "selu", "rrelu"})
"""Activations that keep their input, but what they returned where they work in place."""
KEEPS_INPUT = frozenset(
    {
        "relu6", "leaky_relu", "elu", "celu", "selu", "silu", "gelu", "mish", "hardswish", "hardsigmoid", "softplus",
        "softsign", "hardtanh", "logsigmoid", "prelu", "threshold", "hardshrink", "softshrink", "rrelu", "glu", "log",
        "abs", "square", "clamp", "sin", "cos", "erf",
    }
)  # fmt: skip
"""Functions that keep their input; convolutions, linear layers, normalisations, pools and products do too."""


class Needed(Enum):
    """How the backward pass needs the tensor that was changed."""

    OUTPUT = "output"  # of the operation that made it
    INPUT = "input"  # of an operation that ran before the change


@dataclass(frozen=True, slots=True)
class Mutation:
    """``node`` changes in place a tensor that the backward pass of ``keeper`` needs."""

    node: Node
    keeper: Node
    needed: Needed


def harmful_mutations(model: ModelGraph) -> Iterator[Mutation]:
    """The in-place operations after which the backward pass raises, first keeper each."""
    changes = [node for node in model.nodes if node.certain and node.inputs and _changes(node)]
    if not changes:
        return
    trained = requiring_gradients(model)
    for node in changes:
        target = node.inputs[0]
        maker = _maker(model, target)
        if maker is not None and keeps_output(maker, trained):
            yield Mutation(node, maker, Needed.OUTPUT)
            continue
        readers = model.consumers[target]
        keeper = next((each for each in readers if each.index < node.index and keeps(each, target, trained)), None)
        if keeper is not None:
            yield Mutation(node, keeper, Needed.INPUT)


def _changes(node: Node) -> bool:
    """Whether a node changes its input in place. Dropout of nothing, or of an unknown share, leaves it alone."""
    if isinstance(node.op, Dropout) and not node.op.p:
        return False
    return bool(getattr(node.op, "inplace", False))


def requiring_gradients(model: ModelGraph) -> frozenset[Tensor]:
    """The tensors that certainly require a gradient: computed from trained parameters where gradients are recorded.
    The model's inputs are taken to need none."""
    found: set[Tensor] = set()
    for node in model.nodes:
        if node.grad and node.op.name != "detach" and (_has_trained(node) or any(t in found for t in node.inputs)):
            found.update(node.outputs)
    return frozenset(found)


def _has_trained(node: Node) -> bool:
    """Whether the operation uses a trained parameter: the layer's own, or one that is handed to it."""
    trained = {parameter.name for parameter in node.module.parameters if parameter.trainable}
    return bool(trained) and (
        (node.module.builtin and node.module.leaf)
        or any(tensor.origin is Origin.PARAMETER and tensor.name in trained for tensor in node.inputs)
    )


def _maker(model: ModelGraph, tensor: Tensor) -> Node | None:
    """What computed ``tensor``; ``nn.Identity`` hands its input on."""
    node = model.producer(tensor)
    while node is not None and isinstance(node.op, Identity) and node.module.path == "torch.nn.Identity":
        node = model.producer(node.inputs[0])
    return node


def keeps_output(node: Node, trained: frozenset[Tensor]) -> bool:
    """Whether the backward pass needs what ``node`` returned."""
    if not node.certain or node.output not in trained or not isinstance(node.op, Activation | Elementwise):
        return False
    return node.op.name in KEEPS_OUTPUT or (node.op.inplace and node.op.name in KEEPS_OUTPUT_IN_PLACE)


def keeps(node: Node, tensor: Tensor, trained: frozenset[Tensor]) -> bool:
    """Whether the backward pass of ``node`` needs ``tensor``, its first input (for a product: any), as far as is sure.

    A frozen linear layer needs no gradient of its weights and so keeps no input; a convolution always keeps it."""
    if not node.certain or node.output not in trained:
        return False
    match node.op:
        case Convolution():
            return True
        case Dense():
            weights = [parameter for parameter in node.module.parameters if parameter.name == "weight"]
            return len(node.inputs) == 1 and bool(weights) and all(weight.trainable for weight in weights)
        case Activation(name=name, inplace=False) | Elementwise(name=name, inplace=False):
            return name in KEEPS_INPUT and tensor in trained
        case AdaptivePooling(kind="avg", output_size=sizes) if all(size == 1 for size in sizes):
            return False  # a mean
        case Pooling() | AdaptivePooling():
            return tensor in trained
        case Normalisation():
            return len(node.inputs) == 1
        case Merge(kind=MergeKind.MULTIPLY):
            others = [other for other in node.inputs if other is not tensor] or [tensor]
            return any(other in trained or _is_trained(node, other) for other in others)
        case _:
            return False


def _is_trained(node: Node, tensor: Tensor) -> bool:
    trained = {parameter.name for parameter in node.module.parameters if parameter.trainable}
    return tensor.origin is Origin.PARAMETER and tensor.name in trained
