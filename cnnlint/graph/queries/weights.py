"""Which weights a convolution or linear layer uses: learned ones, or fixed ones such as a blur filter's."""

from __future__ import annotations

from cnnlint.graph.model import ModelGraph, Node, Origin, Tensor


def has_fixed_weight(model: ModelGraph, node: Node) -> bool:
    """Whether the weight is not trained: a buffer or constant, or a layer's parameter that is frozen."""
    if len(node.inputs) > 1:
        return not is_learned(model, node.inputs[1])
    weights = [parameter for parameter in node.module.parameters if parameter.name == "weight"]
    return bool(weights) and not any(parameter.trainable for parameter in weights)


def is_learned(model: ModelGraph, tensor: Tensor) -> bool:
    """Whether a tensor is computed from a parameter or from the model's input."""
    seen: set[Tensor] = set()
    todo = [tensor]
    while todo:
        current = todo.pop()
        if current in seen:
            continue
        seen.add(current)
        if current.origin in (Origin.PARAMETER, Origin.INPUT):
            return True
        producer = model.producer(current)
        if producer is not None:
            todo += producer.inputs
    return False
