"""Receptive fields: the published values, the paths through branches, and torch's gradients on small nets."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import inf
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import torch

from cnnlint.graph.model import ModelGraph, tensors_in
from cnnlint.graph.receptive import Axis, Field, receptive_fields
from cnnlint.graph.shapes import parse_shape
from cnnlint.source.imports import Project
from cnnlint.static.reader import Reader, ReadOptions

GraphOf = Callable[..., ModelGraph]
HALF = Fraction(1, 2)
MODELS = Path(__file__).parents[2] / "fixtures" / "models"


def output_field(graph: ModelGraph) -> Field:
    (tensor,) = tensors_in(graph.output)
    return receptive_fields(graph)[tensor]


def largest_bounded(target: str) -> int:
    """The receptive field of the last feature map, which is the largest that is not the whole input."""
    options = ReadOptions(inputs=(parse_shape("3x224x224"),))
    (graph,) = Reader(Project([Path(target.partition(".py:")[0]).parent]), options=options).read_target(target)
    sizes = [size for field in receptive_fields(graph).values() for size in field.size if size is not None]
    return max(sizes)


# ---- published: Araujo et al., "Computing receptive fields of convolutional neural networks", Distill 2019 --------


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("builder", "size"),
    [
        ("alexnet.py:alexnet()", 195),
        ("vgg.py:vgg16()", 212),
        ("resnet.py:resnet18()", 435),
        ("resnet.py:resnet34()", 899),
        ("resnet.py:resnet50()", 427),  # torchvision strides in the 3x3 convolution, the paper in the 1x1
        ("mobilenetv2.py:mobilenet_v2()", 491),
        ("googlenet.py:googlenet(init_weights=False)", 379),
        ("densenet.py:densenet121()", 2071),
        ("efficientnet.py:efficientnet_b0()", 851),
    ],
)
def test_published_values_of_torchvision(builder: str, size: int, corpus_source: Path) -> None:
    assert largest_bounded(f"{corpus_source}/torchvision/models/{builder}") == size


@pytest.mark.parametrize(
    ("builder", "size"),
    [
        ("vgg16.py:vgg16()", 212),
        ("resnet.py:resnet18()", 435),
        ("resnet.py:resnet50()", 427),
        ("mobilenet.py:mobilenet_v2()", 491),
        ("efficientnet_b0.py:efficientnet_b0()", 851),
    ],
)
def test_published_values_of_models_written_anew(builder: str, size: int) -> None:
    assert largest_bounded(str(MODELS / builder)) == size


# ---- paths ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("init", "forward", "axis"),
    [
        ("self.a = nn.Conv2d(3, 3, 3)", "return self.a(x)", Axis(3, 3)),
        ("self.a = nn.Conv2d(3, 3, 3, dilation=4)", "return self.a(x)", Axis(9, 9)),
        ("self.a = nn.Conv2d(3, 3, 1)", "return self.a(x)", Axis(1, 1)),
        ("self.a = nn.MaxPool2d(2)", "return self.a(x)", Axis(2, 2, Fraction(2), Fraction(2))),
        ("self.a = nn.Conv2d(3, 3, 3, padding=1)", "return x + self.a(x)", Axis(1, 3)),
        (
            "self.a = nn.Conv2d(3, 3, 3, 2, 1)\nself.b = nn.Conv2d(3, 3, 1, 2)",
            "return self.a(x) + self.b(x)",
            Axis(1, 3, Fraction(2), Fraction(2)),
        ),
        (
            "self.a = nn.Conv2d(3, 3, 3, padding=1)\nself.b = nn.Conv2d(3, 3, 7, padding=3)",
            "return torch.cat([self.a(x), self.b(self.a(x))], 1)",
            Axis(3, 9),
        ),
        ("self.a = nn.ConvTranspose2d(3, 3, 4, 2, 1)", "return self.a(x)", Axis(2, 2, HALF, HALF)),
        ("self.a = nn.ConvTranspose2d(3, 3, 2, 2)", "return self.a(x)", Axis(1, 1, HALF, HALF)),
        ("self.a = nn.PixelShuffle(2)", "return self.a(x.repeat(1, 4, 1, 1))", Axis(1, 1, HALF, HALF)),
        ("self.a = nn.Upsample(scale_factor=2)", "return self.a(x)", Axis(1, 1, HALF, HALF)),
        ("self.a = nn.AdaptiveAvgPool2d(1)", "return self.a(x)", Axis(inf, inf)),
        ("self.a = nn.AdaptiveAvgPool2d(64)", "return self.a(x)", Axis(1, 1)),
        ("self.a = nn.Conv2d(3, 3, 3)", "return self.a(x).mean((2, 3))", Axis(inf, inf)),
        ("self.a = nn.Conv2d(3, 3, 3)", "return self.a(x).mean(1, keepdim=True)", Axis(3, 3)),
        ("self.a = nn.BatchNorm2d(3)", "return F.relu(self.a(x))", Axis(1, 1)),
    ],
    ids=lambda value: None if isinstance(value, Axis) else value,
)  # fmt: skip
def test_paths(graph_of: GraphOf, init: str, forward: str, axis: Axis) -> None:
    assert output_field(graph_of(init, forward, "3x64x64")).axes == (axis, axis)


def test_axes_are_apart(graph_of: GraphOf) -> None:
    field = output_field(graph_of("self.a = nn.Conv2d(3, 3, (1, 5), stride=(2, 1))", "return self.a(x)", "3x64x64"))
    assert field.size == (1, 5)
    assert field.stride == (2, 1)


def test_sizes_may_be_unknown(graph_of: GraphOf) -> None:
    field = output_field(
        graph_of("self.a = nn.Conv2d(3, 3, 5, 2)\nself.b = nn.Conv2d(3, 3, 3)", "return self.b(self.a(x))")
    )
    assert field.size == (9, 9)


def test_a_gate_does_not_widen_what_it_scales(graph_of: GraphOf) -> None:
    init = "self.a = nn.Conv2d(3, 8, 3, padding=1)\nself.pool = nn.AdaptiveAvgPool2d(1)\nself.fc = nn.Conv2d(8, 8, 1)"
    graph = graph_of(init, "y = self.a(x)\nreturn y * torch.sigmoid(self.fc(self.pool(y)))", "3x32x32")
    field = output_field(graph)
    assert field.size == (3, 3)
    assert field.gated
    assert not field.unbounded


@pytest.mark.parametrize(("layer", "shape"), [("Conv1d", "2x50"), ("Conv3d", "2x9x20x20")])
def test_any_number_of_axes(graph_of: GraphOf, layer: str, shape: str) -> None:
    field = output_field(graph_of(f"self.a = nn.{layer}(2, 2, 5, dilation=2)", "return self.a(x)", f"1x{shape}"))
    assert field.size == (9,) * (shape.count("x"))


# ---- brute force ------------------------------------------------------------------------------------------------

NETS = [
    ("self.a = nn.Conv2d(1, 1, 3, 2)\nself.b = nn.Conv2d(1, 1, 5)", "return self.b(self.a(x))"),
    ("self.a = nn.Conv2d(1, 1, 3, padding=2, dilation=2)", "return self.a(self.a(self.a(x)))"),
    ("self.a = nn.AvgPool2d(3, 2)\nself.b = nn.Conv2d(1, 1, 2)", "return self.b(self.a(self.b(self.a(x))))"),
    ("self.a = nn.Conv2d(1, 1, 7, 4, 3)\nself.b = nn.Conv2d(1, 1, 3, 1, 1)", "return self.a(x) + self.b(self.a(x))"),
    (
        "self.a = nn.Conv2d(1, 1, 3, 2, 1)\nself.b = nn.Conv2d(1, 1, 1, 2)",
        "return torch.cat([self.a(x), self.b(x)], 1)",
    ),
    ("self.a = nn.Conv2d(1, 1, 3, 2, 1)\nself.up = nn.ConvTranspose2d(1, 1, 4, 2, 1)", "return self.up(self.a(x))"),
    ("self.a = nn.Conv2d(1, 1, 3, 2, 1)\nself.up = nn.ConvTranspose2d(1, 1, 2, 2)", "return x + self.up(self.a(x))"),
    ("self.up = nn.ConvTranspose2d(1, 1, 3, 2, 1, 1)\nself.a = nn.Conv2d(1, 1, 5, 1, 2)", "return self.a(self.up(x))"),
    ("self.a = nn.Conv2d(1, 4, 3, 1, 1)\nself.up = nn.PixelShuffle(2)", "return self.up(self.a(x))"),
    ("self.a = nn.Conv2d(1, 1, 3)\nself.b = nn.Upsample(scale_factor=2, mode='bilinear')", "return self.b(self.a(x))"),
    ("self.a = nn.Conv2d(1, 1, 3, 2, 1)", "return F.avg_pool2d(self.a(x), 2)"),
]  # fmt: skip
SIDE = 64


@pytest.mark.parametrize(("init", "forward"), NETS, ids=[init + "; " + forward for init, forward in NETS])
def test_equals_the_extent_of_the_gradient(graph_of: GraphOf, init: str, forward: str) -> None:
    (size, _) = output_field(graph_of(init, forward, f"1x{SIDE}x{SIDE}")).size
    assert size == gradient_extent(init, forward)


def gradient_extent(init: str, forward: str) -> int:
    """Rows of the input that one position in the middle of the output depends on, at most."""
    source = (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n{}\n    def forward(self, x):\n{}"
    )
    names: dict[str, Any] = {"nn": torch.nn, "torch": torch, "F": torch.nn.functional}
    exec(source.format(indent(init, " " * 8), indent(forward, " " * 8)), names)
    net = names["Net"]()
    for parameter in net.parameters():
        torch.nn.init.ones_(parameter)
    x = torch.ones(1, 1, SIDE, SIDE, requires_grad=True)
    output = net(x).sum(dim=(0, 1))
    middle = output.shape[0] // 2
    extents = []
    for row in range(middle, middle + 4):
        (gradient,) = torch.autograd.grad(output[row, middle], x, retain_graph=True)
        rows = gradient[0, 0].abs().sum(1).nonzero().flatten().tolist()
        extents.append(rows[-1] - rows[0] + 1)
    return max(extents)
