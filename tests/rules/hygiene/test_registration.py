"""What torch does with modules that are hidden, repeated or overwritten."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from cnnlint import check_source

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
