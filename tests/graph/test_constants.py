"""Biases that a normalisation cancels, against torch: their gradient is zero, and that of the others is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from cnnlint.graph.model import ModelGraph
from cnnlint.graph.queries.constants import cancelling_norm

GraphOf = Callable[..., ModelGraph]

# What stands behind a Conv2d(3, 4, 3), and whether it takes the bias away.
BEHIND = [
    ("nn.BatchNorm2d(4)", True),
    ("nn.BatchNorm2d(4, affine=False)", True),
    ("nn.BatchNorm2d(4, track_running_stats=False)", True),
    ("nn.InstanceNorm2d(4)", True),
    ("nn.InstanceNorm2d(4, affine=True)", True),
    ("nn.GroupNorm(4, 4)", True),
    ("nn.GroupNorm(2, 4)", False),
    ("nn.GroupNorm(1, 4)", False),
    ("nn.LayerNorm([4, 14, 14])", False),
    ("nn.LocalResponseNorm(2)", False),
    ("nn.MaxPool2d(2), nn.BatchNorm2d(4)", True),
    ("nn.MaxPool2d(3, 2, 1), nn.BatchNorm2d(4)", True),
    ("nn.AvgPool2d(2), nn.BatchNorm2d(4)", True),
    ("nn.AvgPool2d(3, 1, 1), nn.BatchNorm2d(4)", False),
    ("nn.AdaptiveAvgPool2d(3), nn.BatchNorm2d(4)", True),
    ("nn.AdaptiveMaxPool2d(3), nn.InstanceNorm2d(4)", True),
    ("nn.Upsample(scale_factor=2), nn.BatchNorm2d(4)", True),
    ("nn.Upsample(scale_factor=2, mode='bilinear'), nn.BatchNorm2d(4)", True),
    ("nn.Identity(), nn.BatchNorm2d(4)", True),
    ("nn.ReLU(), nn.BatchNorm2d(4)", False),
    ("nn.LPPool2d(2, 2), nn.BatchNorm2d(4)", False),
    ("nn.PixelShuffle(2), nn.BatchNorm2d(1)", False),
    ("nn.BatchNorm2d(4).requires_grad_(False)", False),
    ("nn.BatchNorm2d(4).eval()", False),
]


@pytest.mark.parametrize(("behind", "cancels"), BEHIND)
def test_against_gradients(graph_of: GraphOf, behind: str, cancels: bool) -> None:
    graph = graph_of(f"self.net = nn.Sequential(nn.Conv2d(3, 4, 3), {behind})", "return self.net(x)", "3x16x16")
    assert (cancelling_norm(graph, graph.nodes[0]) is not None) == cancels
    if "requires_grad_" in behind:
        return  # frozen: in training mode it still cancels, but it is meant for evaluation mode
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), *eval(f"({behind},)", {"nn": nn})).double()
    output = net(torch.randn(4, 3, 16, 16, dtype=torch.float64))
    (output * torch.randn_like(output)).sum().backward()
    bias = net[0].bias.grad.abs().max()
    assert (bias < 1e-8) == cancels


_CONV = "self.conv = nn.Conv2d(3, 4, 3)\nself.norm = nn.BatchNorm2d(4)"


@pytest.mark.parametrize(
    ("init", "forward", "shape"),
    [
        ("self.fc = nn.Linear(6, 5)\nself.norm = nn.BatchNorm1d(7)", "return self.norm(self.fc(x))", "2x7x6"),
        (_CONV, "y = self.conv(x)\nreturn self.norm(y), y", "3x8x8"),
        (_CONV, "y = self.conv(x)\nreturn self.norm(y) + y", "3x8x8"),
        ("self.fc = nn.Linear(6, 8)\nself.pool = nn.MaxPool1d(2)\nself.norm = nn.BatchNorm1d(4)",
         "return self.norm(self.pool(self.fc(x)))", "2x6"),
    ],
)  # fmt: skip
def test_left_alone(graph_of: GraphOf, init: str, forward: str, shape: str) -> None:
    graph = graph_of(init, forward, shape)
    assert cancelling_norm(graph, graph.nodes[0]) is None
