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
    return bool(_origins(model, tensor) & {Origin.PARAMETER, Origin.INPUT})


def is_computed_from_input(model: ModelGraph, tensor: Tensor) -> bool:
    """Whether a tensor depends on what the model is given."""
    return Origin.INPUT in _origins(model, tensor)


def _origins(model: ModelGraph, tensor: Tensor) -> set[Origin]:
    """Of what kinds the tensors are that ``tensor`` is computed from."""
    seen: set[Tensor] = set()
    todo = [tensor]
    found: set[Origin] = set()
    while todo:
        current = todo.pop()
        if current in seen:
            continue
        seen.add(current)
        found.add(current.origin)
        producer = model.producer(current)
        if producer is not None:
            todo += producer.inputs
    return found


def input_dependent(model: ModelGraph) -> frozenset[Tensor]:
    """All tensors that depend on what the model is given."""
    found = set(model.inputs)
    for node in model.nodes:
        if any(tensor in found for tensor in node.inputs):
            found.update(node.outputs)
    return frozenset(found)
