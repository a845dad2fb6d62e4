"""Numbers of shape rules, held against torch."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cnnlint import check_source

NET = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = {conv}
        self.fc = nn.Linear(400, 10)

    def forward(self, x):
        return {result}
"""


@pytest.mark.parametrize(("kernel", "dilation"), [(3, 2), (3, 4), (5, 2), (5, 3), (7, 2)])
def test_cnn107_pixels_lost_and_padding_that_keeps_the_size(kernel: int, dilation: int) -> None:
    padding = (kernel - 1) // 2
    conv = f"nn.Conv2d(3, 4, {kernel}, padding={padding}, dilation={dilation})"
    (found,) = check_source(NET.format(conv=conv, result="self.conv(x)"), "net.py", select=["CNN107"], isolated=True)
    image = torch.zeros(1, 3, 64, 64)
    assert nn.Conv2d(3, 4, kernel, padding=padding, dilation=dilation)(image).shape[2] == 64 - found.data["lost"][0]
    assert nn.Conv2d(3, 4, kernel, padding=found.data["same_padding"], dilation=dilation)(image).shape[2:] == (64, 64)


@pytest.mark.parametrize(("kernel", "padding"), [(1, 1), (1, 3)])
def test_cnn112_growth(kernel: int, padding: int) -> None:
    conv = f"nn.Conv2d(3, 4, {kernel}, padding={padding})"
    (found,) = check_source(NET.format(conv=conv, result="self.conv(x)"), "net.py", select=["CNN112"], isolated=True)
    assert nn.Conv2d(3, 4, kernel, padding=padding)(torch.zeros(1, 3, 8, 8)).shape[2] == 8 + found.data["growth"]


def test_cnn108_sizes() -> None:
    for padding in (1, 2):
        conv = f"nn.Conv2d(3, 4, 4, padding={padding})"
        (found,) = check_source(
            NET.format(conv=conv, result="self.conv(x)"), "net.py", select=["CNN108"], isolated=True
        )
        size = nn.Conv2d(3, 4, 4, padding=padding)(torch.zeros(1, 3, 16, 16)).shape[2]
        assert ("larger" if size == 17 else "smaller") in found.message
        assert size in (15, 17)


def test_cnn110_144_rows_of_100_samples() -> None:
    assert torch.zeros(100, 16, 6, 6).view(-1, 400).shape[0] == 144
    text = NET.format(conv="nn.Conv2d(3, 16, 1)", result="self.fc(self.conv(x).view(-1, 400))")
    text += "\n\nNet()(torch.randn(100, 3, 6, 6))\n"
    (found,) = check_source(text, "net.py", select=["CNN110"], isolated=True)
    assert found.data["row"] == 400
    assert found.data["sample"] == 576
    assert found.severity == "warning"


def test_cnn104_every_input_size_it_names_fits() -> None:
    text = NET.format(
        conv="nn.Conv2d(3, 16, 5, 2, dilation=2)", result="self.fc(torch.flatten(self.conv(x).relu(), 1))"
    )
    (found,) = check_source(text, "net.py", inputs=["3x64x64"], select=["CNN104"], isolated=True)
    conv = nn.Conv2d(3, 16, 5, 2, dilation=2)
    fitting = [size for size in range(9, 65) if conv(torch.zeros(1, 3, size, size)).numel() == 400]
    assert found.message.endswith(f"400 would fit an input of {fitting[0]}×{fitting[0]} to {fitting[-1]}×{fitting[-1]}")


def test_cnn103_smallest_input_is_the_smallest() -> None:
    text = NET.format(conv="nn.Sequential(nn.Conv2d(3, 4, 7, 3), nn.MaxPool2d(3, 2), nn.Conv2d(4, 4, 5, dilation=2))",
                      result="self.conv(x)")  # fmt: skip
    (found,) = check_source(text, "net.py", inputs=["3x32x32"], select=["CNN103"], isolated=True)
    layers = nn.Sequential(nn.Conv2d(3, 4, 7, 3), nn.MaxPool2d(3, 2), nn.Conv2d(4, 4, 5, dilation=2))
    least = found.data["smallest_input"]
    assert layers(torch.zeros(1, 3, least, least)).numel() > 0
    with pytest.raises(RuntimeError):
        layers(torch.zeros(1, 3, least - 1, least - 1))
