"""Padding and cropping around convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cnnlint.graph.operations import Convolution
from cnnlint.graph.queries.padding import is_cropped, is_padded_before

if TYPE_CHECKING:
    from .conftest import GraphOf

INIT = (
    "self.conv = nn.Conv1d(4, 4, 3)\n"
    "self.pad = nn.ConstantPad1d((2, 0), 0.0)\nself.crop = nn.ConstantPad1d((0, -2), 0.0)"
)


@pytest.mark.parametrize(
    ("forward", "padded", "cropped"),
    [
        ("self.conv(x)", False, False),
        ("self.conv(self.pad(x))", True, False),
        ("self.conv(F.pad(x, (2, 0)).relu())", True, False),
        ("self.crop(self.conv(x))", False, True),
        ("self.conv(x).relu()[:, :, :-2]", False, True),
        ("self.conv(x) + x[:, :, 1:-1]", False, True),
        ("self.conv(x) + self.conv(x)", False, False),
    ],
)
def test_around_a_convolution(graph_of: GraphOf, forward: str, padded: bool, cropped: bool) -> None:
    graph = graph_of(INIT, f"return {forward}", "1x4x20")
    conv = next(node for node in graph.nodes if isinstance(node.op, Convolution))
    assert is_padded_before(graph, conv) == padded
    assert is_cropped(graph, conv.output) == cropped
