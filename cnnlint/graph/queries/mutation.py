"""In-place operations on tensors that the backward pass still needs.

Torch keeps tensors for the backward pass and refuses it if one of them was changed since. Most operations keep their
input; those in :data:`KEEPS_OUTPUT` keep what they returned instead; sums, concatenation and dropout keep neither."""

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
KEEPS_INPUT = frozenset(
    {
        "relu6", "leaky_relu", "elu", "celu", "selu", "silu", "gelu", "mish", "hardswish", "hardsigmoid", "softplus",
        "softsign", "hardtanh", "logsigmoid", "prelu", "threshold", "hardshrink", "softshrink",
    }
)  # fmt: skip
"""Activations that keep their input; convolutions, linear layers, normalisations, pools and products do too."""


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
    for node in model.nodes:
        if not node.certain or not node.inputs or not getattr(node.op, "inplace", False):
            continue
        target = node.inputs[0]
        if target.origin is not Origin.NODE:
            continue
        maker = _maker(model, target)
        if maker is not None and keeps_output(maker):
            yield Mutation(node, maker, Needed.OUTPUT)
            continue
        keeper = next((each for each in model.consumers[target] if each.index < node.index and keeps_input(each)), None)
        if keeper is not None:
            yield Mutation(node, keeper, Needed.INPUT)


def _maker(model: ModelGraph, tensor: Tensor) -> Node | None:
    """What computed ``tensor``; ``nn.Identity`` hands its input on."""
    node = model.producer(tensor)
    while node is not None and isinstance(node.op, Identity) and node.module.path == "torch.nn.Identity":
        node = model.producer(node.inputs[0])
    return node


def keeps_output(node: Node) -> bool:
    """Whether the backward pass needs what ``node`` returned."""
    return isinstance(node.op, Activation | Elementwise) and node.op.name in KEEPS_OUTPUT and node.certain


def keeps_input(node: Node) -> bool:
    """Whether the backward pass needs the first input of ``node`` (for a product: any), as far as is sure.

    A frozen linear layer needs no gradient of its weights and so keeps no input; a convolution always keeps it."""
    if not node.certain:
        return False
    match node.op:
        case Convolution():
            return True
        case Dense():
            weights = [parameter for parameter in node.module.parameters if parameter.name == "weight"]
            return len(node.inputs) == 1 and bool(weights) and all(weight.trainable for weight in weights)
        case Activation(name=name, inplace=False):
            return name in KEEPS_INPUT
        case Normalisation() | Pooling(kind="max") | AdaptivePooling(kind="max"):
            return len(node.inputs) == 1
        case Merge(kind=MergeKind.MULTIPLY):
            return len(set(node.inputs)) > 1
        case _:
            return False
