"""Where a failure is shown: at the call that raises, or at the layer that a container calls."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import Failure, ModelGraph, Module, Node
from cnnlint.graph.span import Span


def own_layer(node: Node) -> Module | None:
    """The layer of torch that ``node`` is the call of; ``None`` for functional calls."""
    module = node.module
    return module if module.builtin and module.leaf and module.built_at is not None else None


def raising_place(model: ModelGraph, failure: Failure) -> tuple[Span, Span | None]:
    """Where to show ``failure``, and the other place that matters.

    A layer called by the user's own code raises on the line of the call, and was built elsewhere. One that a
    container calls has no line of its own there, so it is shown where it was built."""
    layer = own_layer(failure.node) if failure.node is not None else None
    if layer is None or layer.built_at is None:
        return failure.span, None
    owner = model.modules.get(layer.name.rpartition(".")[0])
    if owner is not None and owner.path == "torch.nn.Sequential":
        return layer.built_at, failure.span
    return failure.span, layer.built_at


def refusals(model: ModelGraph) -> Iterator[Failure]:
    """What torch certainly refuses, without what follows from a layer that it refused to build: its calls, and
    attributes that it would have."""
    built = [failure for failure in model.failures if failure.node is None and not _is_raised(failure)]
    unbuilt = {failure.module for failure in built if failure.module}
    lacking = tuple(f"raises AttributeError: {failure.type!r} object" for failure in built)
    for failure in model.failures:
        follows = (
            failure.problem.text.startswith(lacking) if failure.node is None else failure.node.module.name in unbuilt
        )
        if failure.certain and not follows:
            yield failure


def _is_raised(failure: Failure) -> bool:
    """Whether the program itself raises, rather than a construction that torch refuses."""
    return failure.problem.text.startswith("raises ")


def refusal(failure: Failure) -> str:
    """What is refused and why, as a message: ``Conv2d expects 8 input channels, gets 16``. What the program itself
    raises stands alone."""
    text = failure.problem.text
    return text if _is_raised(failure) else f"{failure.type} {text}"
