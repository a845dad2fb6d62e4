"""Linear pairs: the one kernel that a pair equals, against the positions that torch's pair reads."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from cnnlint.graph.model import ModelGraph
from cnnlint.graph.queries.linear import linear_pairs

GraphOf = Callable[..., ModelGraph]

PAIRS = [
    ("nn.Conv2d(3, 8, 3), nn.Conv2d(8, 4, 3)", (5, 5)),
    ("nn.Conv2d(3, 8, 3, stride=2), nn.Conv2d(8, 4, 3)", (7, 7)),
    ("nn.Conv2d(3, 8, 3, dilation=2), nn.BatchNorm2d(8), nn.Conv2d(8, 4, (1, 5))", (5, 9)),
    ("nn.Conv2d(3, 8, 5, stride=3), nn.AvgPool2d(2), nn.Conv2d(8, 4, 2)", (14, 14)),
    ("nn.Conv2d(3, 8, 1), nn.Dropout(0.1), nn.Identity(), nn.Conv2d(8, 4, 7, bias=False)", (7, 7)),
]


@pytest.mark.parametrize(("layers", "kernel"), PAIRS)
def test_kernel_of_the_pair(graph_of: GraphOf, layers: str, kernel: tuple[int, int]) -> None:
    (pair,) = linear_pairs(graph_of(f"self.net = nn.Sequential({layers})", "return self.net(x)", "3x40x40"))
    assert pair.kernel == kernel
    net = nn.Sequential(*eval(f"({layers})", {"nn": nn})).eval()
    x = torch.randn(1, 3, 40, 40, requires_grad=True)
    net(x)[0, :, 2, 2].sum().backward()
    assert x.grad is not None
    read = x.grad[0].abs().amax(0).nonzero()
    assert tuple(int(size) for size in read.amax(0) - read.amin(0) + 1) == kernel
    parameters = sum(p.numel() for layer in net if isinstance(layer, nn.Conv2d) for p in layer.parameters())
    assert pair.before == parameters
    assert pair.after == 3 * 4 * kernel[0] * kernel[1] + 4


@pytest.mark.parametrize(
    "layers",
    [
        "nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3)",
        "nn.Conv2d(3, 8, 3), nn.MaxPool2d(2), nn.Conv2d(8, 4, 3)",
        "nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8), nn.Conv2d(8, 4, 3)",
        "nn.Conv2d(4, 8, 3, groups=2), nn.Conv2d(8, 4, 3)",
        "nn.ConvTranspose2d(3, 8, 2, 2), nn.Conv2d(8, 4, 3)",
        "nn.Conv2d(3, 8, 3), nn.Flatten(), nn.LazyLinear(4)",
    ],
)
def test_no_pair(graph_of: GraphOf, layers: str) -> None:
    channels = 4 if "groups" in layers else 3
    graph = graph_of(f"self.net = nn.Sequential({layers})", "return self.net(x)", f"{channels}x20x20")
    assert list(linear_pairs(graph)) == []


def test_a_pair_computes_one_convolution() -> None:
    """The composition itself, as the rule's documentation states it."""
    torch.manual_seed(0)
    first, second = nn.Conv2d(3, 8, 3, stride=2).double(), nn.Conv2d(8, 4, 3).double()
    merged = nn.Conv2d(3, 4, 7, stride=2).double()
    weight = torch.zeros(4, 3, 7, 7, dtype=torch.float64)
    for row in range(3):
        for column in range(3):
            tap = torch.einsum("om,mihw->oihw", second.weight[:, :, row, column], first.weight)
            weight[:, :, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3] += tap
    merged.weight = nn.Parameter(weight)
    merged.bias = nn.Parameter(second.bias + second.weight.sum((2, 3)) @ first.bias)
    x = torch.randn(2, 3, 17, 17, dtype=torch.float64)
    torch.testing.assert_close(merged(x), second(first(x)))
