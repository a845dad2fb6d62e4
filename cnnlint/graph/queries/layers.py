"""The layer behind a call."""

from __future__ import annotations

from cnnlint.graph.model import Module, Node


def layer_of(node: Node) -> Module | Node:
    """The layer that ``node`` calls, whose construction wrote down its kernel size, stride and so on; ``node`` itself
    for a functional call, where the call wrote them down."""
    module = node.module
    return module if module.leaf and module.built_at is not None and len(node.inputs) == 1 else node
