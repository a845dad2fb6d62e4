"""What part of a model's multiply-adds each operation has."""

from __future__ import annotations

from collections.abc import Mapping

from cnnlint.graph.dims import Dim
from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.wording import per_sample


def mac_shares(model: ModelGraph) -> Mapping[Node, tuple[int, float]]:
    """MACs for one sample and the part of the whole of each node that has any; empty if the sum is not known."""
    amounts: dict[Node, int] = {}
    for node in model.nodes:
        amount = _macs(node)
        if not isinstance(amount, int):
            return {}
        if amount:
            amounts[node] = amount
    total = sum(amounts.values())
    return {node: (amount, amount / total) for node, amount in amounts.items()}


def _macs(node: Node) -> Dim:
    total: Dim = 0
    for amount in node.macs.values():
        total = total + amount
    return per_sample(total)
