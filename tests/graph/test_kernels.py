"""Costs of arrangements of convolutions, counted by torch."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from torch import nn

from cnnlint.graph.queries.bottlenecks import bottleneck_weights, wide_runs
from cnnlint.graph.queries.kernels import DenseKernel, dense_kernel, stacked

if TYPE_CHECKING:
    from .conftest import GraphOf


def weights(*layers: nn.Module) -> int:
    return sum(p.numel() for layer in layers for name, p in layer.named_parameters() if name == "weight")


@pytest.mark.parametrize(
    ("kernel", "fan_in", "out"), [(5, 64, 64), (5, 64, 128), (7, 32, 48), (9, 16, 8), (11, 64, 96)]
)
def test_stack_costs_what_torch_counts(kernel: int, fan_in: int, out: int) -> None:
    conv = DenseKernel(kernel, fan_in, out, True)
    stack = stacked(conv, 0.2)
    assert stack is not None
    widths = [fan_in, *[stack.width] * (stack.layers - 1), out]
    layers = [nn.Conv2d(a, b, 3) for a, b in pairwise(widths)]
    assert stack.weights == weights(*layers)
    assert conv.weights == weights(nn.Conv2d(fan_in, out, kernel))
    assert stack.biases == sum(layer.out_channels for layer in layers) - out
    assert 1 + 2 * stack.layers == kernel
    assert stack.weights <= 0.8 * conv.weights


@pytest.mark.parametrize(("layers", "kernel"), [(2, 5), (3, 7), (4, 9), (5, 11)])
def test_as_wide_as_the_output_saves_below_four_ninths(layers: int, kernel: int) -> None:
    limit = 4 * (layers + 2) / 9
    for out in range(1, 400):
        conv = DenseKernel(kernel, 100, out, False)
        wide = 9 * (100 * out + (layers - 2) * out**2 + out * out)
        assert (wide < conv.weights) == (out / 100 < limit)
        assert stacked(conv, 0) is not None


def test_even_and_small_kernels_are_not_stacked() -> None:
    assert stacked(DenseKernel(3, 64, 64, False), 0) is None
    assert stacked(DenseKernel(6, 64, 64, False), 0) is None


@pytest.mark.parametrize(("fan_in", "out"), [(256, 256), (256, 512), (512, 256)])
def test_bottleneck_costs_what_torch_counts(fan_in: int, out: int) -> None:
    width = out // 4
    layers = nn.Conv2d(fan_in, width, 1), nn.Conv2d(width, width, 3), nn.Conv2d(width, out, 1)
    assert bottleneck_weights(DenseKernel(3, fan_in, out, False)) == weights(*layers)


def test_runs(graph_of: GraphOf) -> None:
    graph = graph_of(
        "self.stem = nn.Conv2d(3, 256, 3)\nself.a = nn.Conv2d(256, 256, 3)\nself.b = nn.Conv2d(256, 256, 3)\n"
        "self.down = nn.Conv2d(256, 256, 1)\nself.c = nn.Conv2d(256, 256, 3)",
        "x = F.max_pool2d(self.b(self.a(self.stem(x)).relu()), 2)\nreturn self.c(self.down(x))",
    )
    assert [[node.module.name for node in run.nodes] for run in wide_runs(graph, 256)] == [["a", "b"], ["c"]]
    assert wide_runs(graph, 257) == ()


def test_only_plain_kernels_are_dense(graph_of: GraphOf) -> None:
    graph = graph_of(
        "self.a = nn.Conv2d(4, 4, 3)\nself.b = nn.Conv2d(4, 4, 3, groups=2)\nself.c = nn.Conv2d(4, 4, 3, 2)\n"
        "self.d = nn.Conv2d(4, 4, 3, dilation=2)\nself.e = nn.Conv2d(4, 4, (3, 1))\n"
        "self.f = nn.ConvTranspose2d(4, 4, 3)",
        "return self.f(self.e(self.d(self.c(self.b(self.a(x))))))",
    )
    assert [dense_kernel(node) is not None for node in graph.nodes] == [True] + [False] * 5
