"""What torch does with modules that are hidden, repeated or overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from cnnlint import check, check_source

NET = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {init}

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
"""


def built(init: str) -> tuple[str, nn.Module]:
    text = NET.format(init=init)
    names: dict[str, Any] = {"__name__": "net"}
    exec(text, names)
    return text, names["Net"]()


def count(layers: Any) -> int:
    return sum(p.numel() for layer in layers for p in layer.parameters())


def test_cnn002_counts_what_torch_does_not_see() -> None:
    text, net = built("self.layers = [nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3)]")
    (found,) = check_source(text, "net.py", select=["CNN002"], isolated=True)
    assert list(net.parameters()) == []
    assert found.data == {"modules": 2, "parameters": count(net.layers)}


def test_cnn008_counts_one_layer() -> None:
    text, net = built("self.layers = nn.ModuleList([nn.Conv2d(3, 3, 3)] * 4)")
    (found,) = check_source(text, "net.py", select=["CNN008"], isolated=True)
    assert found.data == {"entries": 4, "parameters": sum(p.numel() for p in net.parameters())}
    assert len(net.state_dict()) == 8


def test_cnn010_the_first_layer_is_lost() -> None:
    text, net = built(
        "self.layers = nn.ModuleList([nn.Conv2d(3, 3, 3)])\n        self.layers = nn.ModuleList([nn.ReLU()])"
    )
    (found,) = check_source(text, "net.py", select=["CNN010"], isolated=True)
    assert found.data["parameters"] == count([nn.Conv2d(3, 3, 3)])
    assert list(net.parameters()) == []


def test_cnn005_a_tensor_attribute_is_left_behind() -> None:
    text, net = built("self.layers = [lambda x: x * self.scale]\n        self.scale = torch.ones(3, 1, 1)")
    found = check_source(text, "net.py", inputs=["3x8x8"], select=["CNN005"], isolated=True)
    assert len(found) == 1
    assert net.to(torch.float64).scale.dtype == torch.float32
    assert net.state_dict() == {}


TWO_LAYERS = NET.format(
    init="self.layers = nn.ModuleList([nn.Conv2d(3, 3, 3)])\n        self.projection = nn.Linear(3, 3)"
)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("train.py", "from package.net import Net\n\nprint(Net().projection)\n", 0),
        ("package/other.py", "from .net import Net\n\n\ndef f(net: Net):\n    return net.projection\n", 0),
        ("package/sub/deep.py", "import package.net\n\n\ndef f(n):\n    return getattr(n, 'projection')\n", 0),
        ("train.py", "from other import Other\n\nprint(Other().projection)\n", 1),
        ("train.py", "from package.net import Net\n\nNet().projection = None\n", 1),
        ("elsewhere/train.py", "from package.net import Net\n\nprint(Net().projection)\n", 1),
    ],
)
def test_cnn003_other_files_may_read_a_layer(tmp_path: Path, name: str, text: str, found: int) -> None:
    for path, source in (("package/__init__.py", ""), ("package/net.py", TWO_LAYERS), (name, text)):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(source, encoding="utf-8")
    report = check([tmp_path / "package" / "net.py"], select=["CNN003"], isolated=True)
    assert len(report.findings) == found


def test_cnn003_gradient_of_an_unused_layer() -> None:
    names: dict[str, Any] = {"__name__": "net"}
    exec(TWO_LAYERS, names)
    net = names["Net"]()
    net(torch.zeros(1, 3, 8, 8)).sum().backward()
    assert net.layers[0].weight.grad is not None
    assert net.projection.weight.grad is None


def test_cnn006_statistics_of_two_distributions() -> None:
    """Evaluated behind either convolution, the running mean is that of neither."""
    norm = nn.BatchNorm2d(1, momentum=0.5)
    for _ in range(50):
        norm(torch.randn(8, 1, 4, 4) + 10)
        norm(torch.randn(8, 1, 4, 4) - 10)
    assert 2 < abs(float(norm.running_mean)) < 8


def test_cnn004_weights_are_drawn_anew_and_eval_does_not_reach_dropout() -> None:
    names: dict[str, Any] = {"__name__": "net"}
    exec(NET.format(init="self.layers = nn.ModuleList()").replace("return x", "return nn.Linear(8, 2)(x)"), names)
    net = names["Net"]().eval()
    image = torch.ones(1, 8)
    assert not torch.equal(net(image), net(image))
    assert list(net.parameters()) == []
    assert nn.Dropout().training
