"""What lies behind and before a tensor: convolutions, filters, pools, downsampling steps, runs, mixed channels."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cnnlint.graph.model import ModelGraph
from cnnlint.graph.operations import Convolution, Merge
from cnnlint.graph.queries.depth import is_depthwise, longest_run
from cnnlint.graph.queries.mixing import is_returned_unmixed, next_unmixed
from cnnlint.graph.queries.paths import convolutions_behind, is_low_pass_filtered
from cnnlint.graph.queries.pools import head_pools, is_global_pool
from cnnlint.graph.queries.resolution import downsamplings

GraphOf = Callable[..., ModelGraph]


def sequential(graph_of: GraphOf, layers: str, shape: str = "4x32x32") -> ModelGraph:
    return graph_of(f"self.net = nn.Sequential({layers})", "return self.net(x)", shape)


@pytest.mark.parametrize(
    ("behind", "count"),
    [
        ("nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3)", 2),
        ("nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 3)", 1),
        ("nn.ReLU(), nn.ConvTranspose2d(4, 4, 4, 2, 1), nn.Conv2d(4, 4, 3)", 0),
        ("nn.Conv2d(4, 4, 3), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3)", 1),
        ("nn.Tanh()", 0),
    ],
)
def test_convolutions_behind(graph_of: GraphOf, behind: str, count: int) -> None:
    graph = sequential(graph_of, f"nn.ConvTranspose2d(4, 4, 3, 2), {behind}")
    assert convolutions_behind(graph, graph.nodes[0].output) == count


def test_the_shorter_path_counts(graph_of: GraphOf) -> None:
    init = "self.up = nn.ConvTranspose2d(4, 4, 2, 2)\nself.c = nn.Conv2d(4, 4, 3, padding=1)"
    graph = graph_of(init, "x = self.up(x)\nreturn x + self.c(self.c(x))", "4x8x8")
    assert convolutions_behind(graph, graph.nodes[0].output) == 0


@pytest.mark.parametrize(
    ("layers", "filtered"),
    [
        ("nn.Conv2d(4, 4, 3, groups=4).requires_grad_(False)", True),
        ("nn.ZeroPad2d(1), nn.AvgPool2d(3, 1)", True),
        ("nn.Conv2d(4, 4, 3)", False),
        ("nn.ReLU(), nn.AvgPool2d(3, 1)", False),
        ("nn.AvgPool2d(2)", False),
    ],
)
def test_low_pass_filter(graph_of: GraphOf, layers: str, filtered: bool) -> None:
    graph = sequential(graph_of, f"nn.ConvTranspose2d(4, 4, 3, 2), {layers}")
    assert is_low_pass_filtered(graph, graph.nodes[0].output) == filtered


@pytest.mark.parametrize(
    ("layers", "pools"),
    [
        ("nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)", 1),
        ("nn.AvgPool2d(32), nn.Conv2d(4, 2, 1), nn.Flatten()", 1),
        ("nn.AvgPool2d(16), nn.Flatten(), nn.Linear(16, 2)", 0),
        ("nn.AdaptiveAvgPool2d(1), nn.Upsample(scale_factor=4), nn.Conv2d(4, 4, 3)", 0),
    ],
)
def test_head_pools(graph_of: GraphOf, layers: str, pools: int) -> None:
    assert len(list(head_pools(sequential(graph_of, layers)))) == pools


def test_the_pool_of_a_gate_is_no_head(graph_of: GraphOf) -> None:
    graph = graph_of(
        "self.c = nn.Conv2d(4, 4, 1)", "return x * torch.sigmoid(self.c(x.mean((2, 3), keepdim=True)))", "4x8x8"
    )
    assert [is_global_pool(node) for node in graph.nodes].count(True) == 1
    assert list(head_pools(graph)) == []


def test_downsampling_steps(graph_of: GraphOf) -> None:
    init = "self.a, self.b = nn.Conv2d(4, 4, 3, 2, 1), nn.Conv2d(4, 4, 3, 2, 1)"
    init += "\nself.s = nn.Conv2d(4, 4, 1, 2)\nself.p = nn.MaxPool2d(4)"
    graph = graph_of(init, "x = self.a(x)\nreturn self.p(self.b(x) + self.s(x))", "4x32x32")
    assert [(node.module.name, stride) for node, stride in downsamplings(graph)] == [("a", 2), ("b", 4), ("p", 16)]


def test_longest_run(graph_of: GraphOf) -> None:
    init = "self.c = nn.ModuleList(nn.Conv2d(4, 4, 3, padding=1) for _ in range(7))"
    forward = "y = self.c[1](self.c[0](x)) + x\nfor c in self.c[2:6]:\n    y = torch.relu(c(y))"
    forward += "\nreturn torch.cat([y, self.c[6](x)], 1)"
    graph = graph_of(init, forward, "4x8x8")
    run = longest_run(graph, lambda node: isinstance(node.op, Merge), lambda node: isinstance(node.op, Convolution))
    assert run is not None
    assert (run.length, run.first.module.name, run.last.module.name) == (4, "c.2", "c.5")


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ("nn.ReLU(), nn.Conv2d(4, 4, 3, groups=4)", (True, True)),
        ("nn.ReLU(), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 3, groups=4)", (False, False)),
        ("nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 8, 1)", (False, False)),
        ("nn.ChannelShuffle(2), nn.ReLU(), nn.Conv2d(4, 4, 3, groups=4)", (False, False)),
        ("nn.BatchNorm2d(4), nn.ReLU()", (False, True)),
        ("nn.ReLU(), nn.Flatten(), nn.LazyLinear(3)", (False, False)),
    ],
)
def test_unmixed_channels(graph_of: GraphOf, layers: str, found: tuple[bool, bool]) -> None:
    graph = sequential(graph_of, f"nn.Conv2d(4, 4, 3, groups=4), {layers}")
    first = graph.nodes[0]
    assert is_depthwise(first)
    assert (next_unmixed(graph, first) is not None, is_returned_unmixed(graph, first)) == found
