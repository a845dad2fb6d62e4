"""Map sizes for other inputs, held against torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from cnnlint.graph.queries.inputs import fitting_inputs, map_sizes, size_declared, size_trail, smallest_input, square

if TYPE_CHECKING:
    from .conftest import GraphOf

CHAINS = {
    "strided": "nn.Conv2d(3, 4, 7, 2, 3), nn.MaxPool2d(3, 2, 1), nn.Conv2d(4, 4, 3, 2, dilation=2)",
    "ceil": "nn.MaxPool2d(3, 2, ceil_mode=True), nn.MaxPool2d(2, 2, 1, ceil_mode=True)",
    "transposed": "nn.Conv2d(3, 4, 5, 3), nn.ConvTranspose2d(4, 4, 4, 2, 1, output_padding=1, dilation=2)",
    "same": "nn.Conv2d(3, 4, 4, padding='same'), nn.ZeroPad2d((1, 0, 2, 0)), nn.AvgPool2d(3)",
    "shuffle": "nn.Conv2d(3, 4, 3, 2, 1), nn.PixelShuffle(2), nn.ReLU(), nn.BatchNorm2d(1), nn.Dropout(0.5)",
    "adaptive": "nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d((2, 3))",
}


@pytest.mark.parametrize("name", CHAINS)
def test_sizes_are_torch_s(graph_of: GraphOf, name: str) -> None:
    layers = eval(f"nn.Sequential({CHAINS[name]})", {"nn": nn}).eval()
    graph = graph_of(f"self.body = nn.Sequential({CHAINS[name]})", "return self.body(x)", "3x64x64")
    last = graph.nodes[-1].output
    for size in range(1, 40):
        image = torch.zeros(1, 3, size, size)
        try:
            expected = tuple(layers(image).shape[2:])
        except RuntimeError:
            expected = None
        assert map_sizes(graph, last, size) == expected, size


def test_unknown_operation_gives_nothing(graph_of: GraphOf) -> None:
    graph = graph_of("self.conv = nn.Conv2d(3, 4, 3)", "return F.interpolate(self.conv(x), size=7)", "3x32x32")
    assert map_sizes(graph, graph.nodes[-1].output, 32) is None
    assert fitting_inputs(graph, graph.nodes[-1].output, 49) is None
    assert smallest_input(graph, graph.nodes[-1].output) is None


def test_lenet_fits_32_to_35(graph_of: GraphOf) -> None:
    graph = graph_of(
        "self.a = nn.Conv2d(1, 6, 5)\nself.b = nn.Conv2d(6, 16, 5)",
        "x = F.max_pool2d(self.a(x).relu(), 2)\nreturn F.max_pool2d(self.b(x).relu(), 2)",
        "1x64x64",
    )
    last = graph.nodes[-1].output
    assert fitting_inputs(graph, last, 25) == (32, 35)
    assert fitting_inputs(graph, last, 26) is None
    assert smallest_input(graph, last) == 16
    assert size_trail(graph, graph.nodes[-1]) == ((64, 64), (60, 60), (30, 30), (26, 26))
    assert size_declared(graph)


def test_a_solved_size_is_not_declared(graph_of: GraphOf) -> None:
    graph = graph_of(
        "self.conv = nn.Conv2d(1, 6, 5)\nself.fc = nn.Linear(6 * 24 * 24, 10)",
        "return self.fc(torch.flatten(self.conv(x), 1))",
    )
    assert graph.evidence.gives_size
    assert not size_declared(graph)


def test_square() -> None:
    assert (square(32, 1), square(32, 2), square(8, 3)) == ("length 32", "32×32", "8×8×8")
