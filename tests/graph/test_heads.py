"""Flattened maps and the linear layers behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cnnlint.graph.operations import Dense
from cnnlint.graph.queries.heads import dense_chain, flattened_input

if TYPE_CHECKING:
    from .conftest import GraphOf

INIT = "self.conv = nn.Conv2d(3, 8, 3, padding=1)\nself.a = nn.Linear(512, 16)\nself.b = nn.Linear(16, 10)"


@pytest.mark.parametrize(
    "flatten",
    ["torch.flatten(x, 1)", "x.view(x.size(0), -1)", "x.reshape(x.shape[0], -1).relu()", "F.dropout(x.flatten(1))"],
)
def test_flattened(graph_of: GraphOf, flatten: str) -> None:
    graph = graph_of(INIT, f"x = self.conv(x)\nreturn self.b(self.a({flatten}).relu())", "3x8x8")
    first, second = (node for node in graph.nodes if isinstance(node.op, Dense))
    flat = flattened_input(graph, first.inputs[0])
    assert flat is not None
    assert flat.shape == (8, 8, 8)
    assert flat.map is graph.nodes[0].output
    assert flattened_input(graph, second.inputs[0]) is None
    assert dense_chain(graph, first) == (first, second)


def test_pooled_by_mean_is_not_flattened(graph_of: GraphOf) -> None:
    graph = graph_of(
        "self.conv = nn.Conv2d(3, 16, 3)\nself.b = nn.Linear(16, 10)", "return self.b(self.conv(x).mean((2, 3)))"
    )
    assert flattened_input(graph, graph.nodes[-1].inputs[0]) is None


@pytest.mark.parametrize("after", [".view(-1, 2, 5)", " @ x.flatten(1)[:, :10].T"])
def test_no_chain_where_the_result_is_used(graph_of: GraphOf, after: str) -> None:
    graph = graph_of(INIT, f"x = self.conv(x)\nreturn self.b(self.a(x.flatten(1))){after}", "3x8x8")
    first = next(node for node in graph.nodes if isinstance(node.op, Dense))
    assert dense_chain(graph, first) is None
