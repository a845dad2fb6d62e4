"""Shortcuts, their branches, and the projections they need."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from cnnlint.graph.model import ModelGraph, Tensor
from cnnlint.graph.queries.merges import additions, projection, residual

GraphOf = Callable[..., ModelGraph]

_CONVS = "self.a = nn.Conv2d(4, 4, 3, padding=1)\nself.b = nn.Conv2d(4, 4, 3, padding=1)\nself.id = nn.Identity()"


@pytest.mark.parametrize(
    ("forward", "branch"),
    [
        ("return x + self.b(self.a(x))", ["conv2d", "conv2d"]),
        ("return self.b(torch.relu(self.a(x))) + x", ["conv2d", "relu", "conv2d"]),
        ("x = self.a(x)\nreturn self.id(x) + torch.relu(self.b(x))", ["conv2d", "relu"]),
        ("y = self.a(x)\nz = torch.sigmoid(y)\nreturn self.b(y) + x", ["conv2d", "conv2d"]),
        ("return self.a(x) + self.b(x)", None),
        ("y = self.a(x)\nreturn y + y", None),
    ],
)
def test_branch(graph_of: GraphOf, forward: str, branch: list[str] | None) -> None:
    graph = graph_of(_CONVS, forward, "4x8x8")
    (node,) = additions(graph)
    found = residual(graph, node)
    assert (None if found is None else [each.op.name for each in found.branch]) == branch


@pytest.mark.parametrize(
    ("before", "after", "stride"),
    [((64, 56, 56), (128, 28, 28), 2), ((64, 57, 57), (128, 29, 29), 2), ((8, 10, 9), (8, 4, 3), 3),
     ((3, 8), (5, 8), 1)],
)  # fmt: skip
def test_projection_fits(before: tuple[int, ...], after: tuple[int, ...], stride: int) -> None:
    found = projection(Tensor((2, *before)), Tensor((2, *after)))
    assert found is not None
    assert set(found.stride) == {stride}
    layer = eval(f"nn.{found.text}", {"nn": nn})
    assert tuple(layer(torch.zeros(2, *before)).shape) == (2, *after)
    assert found.weights == layer.weight.numel()


def test_no_projection_makes_a_map_larger() -> None:
    assert projection(Tensor((2, 8, 28, 28)), Tensor((2, 8, 30, 30))) is None
