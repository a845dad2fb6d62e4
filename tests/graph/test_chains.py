"""Questions about what stands before and behind a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnlint.graph.queries.chains import (
    ancestors,
    behind,
    forward_chain,
    is_pointwise,
    is_transparent,
    reaches_output,
    sole_reader,
    source,
    stem_convolutions,
)

if TYPE_CHECKING:
    from .conftest import GraphOf

INIT = (
    "self.stem = nn.Conv2d(3, 8, 3, padding=1)\n"
    "self.conv = nn.Conv2d(8, 8, 3, padding=1)\n"
    "self.norm = nn.BatchNorm2d(8)"
)


def test_residual_block(graph_of: GraphOf) -> None:
    graph = graph_of(INIT, "a = self.stem(x)\nb = self.norm(self.conv(a)).relu()\nreturn a + b")
    stem, conv, norm, relu, add = graph.nodes
    assert sole_reader(graph, stem.output) is None
    assert sole_reader(graph, conv.output) is norm
    assert sole_reader(graph, add.output) is None
    assert behind(graph, stem.output) == (conv, add)
    assert behind(graph, conv.output) == (relu,)
    assert behind(graph, conv.output, is_pointwise) == (add,)
    assert source(graph, relu.output, is_pointwise) is conv
    assert source(graph, norm.output) is conv
    assert source(graph, graph.inputs[0]) is None
    assert list(forward_chain(graph, conv)) == [norm, relu, add]
    assert ancestors(graph, relu) == {stem, conv, norm}
    assert reaches_output(graph, add.output)
    assert not reaches_output(graph, conv.output)
    assert [node for node in graph.nodes if is_transparent(node)] == [norm]


def test_stems_of_two_branches(graph_of: GraphOf) -> None:
    graph = graph_of(
        "self.a = nn.Conv2d(3, 8, 3)\nself.b = nn.Conv2d(3, 8, 3)\nself.c = nn.Conv2d(8, 8, 3)",
        "return self.c(self.a(x.relu()) + self.b(F.max_pool2d(x, 3, 1, 1)))",
    )
    assert {node.module.name for node in stem_convolutions(graph)} == {"a", "b"}
