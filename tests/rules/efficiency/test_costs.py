"""CNN203 and CNN204: costs as torch counts them."""

from __future__ import annotations

import pytest
from torch import nn

from cnnlint import check_source

NET = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, {fan_in}, 3, 2, 1)
        self.conv = nn.Conv2d({fan_in}, {out}, {kernel}, padding={padding})

    def forward(self, x):
        return self.conv(self.stem(x).relu())
"""


def weights(*layers: nn.Module) -> int:
    return sum(p.numel() for layer in layers for name, p in layer.named_parameters() if name == "weight")


@pytest.mark.parametrize(("fan_in", "out", "ratio"), [(64, 128, "8.41"), (255, 255, "8.69"), (32, 64, "7.89")])
def test_separable(fan_in: int, out: int, ratio: str) -> None:
    text = NET.format(fan_in=fan_in, out=out, kernel=3, padding=1)
    (found,) = check_source(text, "net.py", inputs=["3x32x32"], select=["CNN203"], isolated=True)
    dense, depthwise, pointwise = (
        nn.Conv2d(fan_in, out, 3), nn.Conv2d(fan_in, fan_in, 3, groups=fan_in), nn.Conv2d(fan_in, out, 1),
    )  # fmt: skip
    assert found.data["weights"] == weights(dense)
    assert found.data["separable_weights"] == weights(depthwise, pointwise)
    assert found.data["macs"] == weights(dense) * 16 * 16
    assert f"({ratio} times fewer)" in found.message


def test_wide_layers_are_left_to_cnn202() -> None:
    text = NET.format(fan_in=256, out=256, kernel=3, padding=1)
    assert [f.code for f in check_source(text, "net.py", inputs=["3x32x32"], select=["CNN202", "CNN203"])] == ["CNN202"]


@pytest.mark.parametrize("target", ["mobile", "tensor-core"])
def test_targets_switch_the_rules_on(target: str) -> None:
    text = NET.format(fan_in=60, out=60, kernel=3, padding=1)
    found = check_source(text, "net.py", inputs=["3x32x32"], config=[f'target="{target}"'], isolated=True)
    codes = {finding.code for finding in found}
    assert ("CNN203" in codes) == (target == "mobile")
    assert ("CNN204" in codes) == (target == "tensor-core")
    assert not {"CNN203", "CNN204"} & {f.code for f in check_source(text, "net.py", inputs=["3x32x32"], isolated=True)}


def test_wasted_part_of_the_tiles() -> None:
    text = NET.format(fan_in=64, out=100, kernel=3, padding=1) + "\n\nclass Head(Net):\n    pass\n"
    text = text.replace("return self.conv(self.stem(x).relu())", "return self.conv(self.stem(x).relu()).sum(1)")
    found = check_source(text, "net.py", inputs=["3x32x32"], select=["CNN204"], isolated=True)
    assert found
    padded, real = 64 * 104, 64 * 100
    assert f"{100 * (1 - real / padded):.1f} % of" in found[0].message
