"""CNN609 against torch: the backward pass of what it reports as an error raises, that of the rest does not."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from cnnlint import check_source, registry
from cnnlint.rule import Example, Severity
from cnnlint.testing.examples import source_of

RULE = registry.load().rules["CNN609"]


@pytest.mark.parametrize("example", [*RULE.bad, *RULE.good], ids=lambda example: example.why.replace(" ", "-"))
def test_backward(example: Example) -> None:
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(source_of(example), "example.py", "exec"), names)
    network = names["Block"]()
    channels = next(parameter.shape[1] for parameter in network.parameters())
    output = network(torch.randn(2, channels, 8, 8)).sum()
    found = check_source(source_of(example), "example.py", select=["CNN609"], isolated=True)
    if any(finding.severity is Severity.ERROR for finding in found):
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            output.backward()
    else:
        output.backward()


FORWARD = """\
import torch
import torch.nn.functional as F
from torch import nn

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)
        self.other = nn.Conv2d(8, 8, 1)
        self.norm = nn.BatchNorm2d(8)
        self.fc = nn.Linear(8, 8)
        self.relu = nn.ReLU(inplace=True)
        self.lrelu = nn.LeakyReLU(0.1, inplace=True)
        self.drop = nn.Dropout(0.2, inplace=True)
        self.gamma = nn.Parameter(torch.ones(1, 8, 1, 1))

    @torch.no_grad()
    def frozen(self, x):
        return torch.sigmoid(self.conv(x)).mul_(2)

    def forward(self, x):
        {}
"""
BODIES = [
    # what ResNets, DenseNets and U-Nets do
    "identity = x\nout = self.norm(self.conv(x))\nout += identity\nreturn self.relu(out)",
    "x = self.relu(self.norm(self.conv(x)))\nout = self.norm(self.conv(x))\nout += x\nreturn self.relu(out)",
    "x = self.relu(self.conv(x))\nx = torch.cat([x, self.relu(self.conv(x))], 1)\nreturn x",
    "x = self.relu(self.conv(x))\ny = self.conv(x)\nx = self.relu(y) + x\nreturn x",
    "y = self.relu(self.norm(x))\ny = self.conv(y)\nreturn self.relu(y.add_(x))",
    # ReLU behind which something is added
    "out = self.relu(self.conv(x))\nout += x\nreturn out",
    "out = F.relu(self.conv(x))\nout *= 2\nreturn out",
    "out = self.conv(x).relu()\nout.add_(x)\nreturn out",
    "out = torch.sigmoid(self.conv(x))\nout -= 0.5\nreturn out",
    "out = self.conv(x).softmax(1)\nout.div_(2)\nreturn out",
    "out = self.conv(x).exp()\nout.clamp_(max=9)\nreturn out",
    "out = self.relu(self.conv(x))\nout = self.drop(out)\nreturn out",
    "out = self.drop(self.relu(self.conv(x)))\nout += x\nreturn out",
    "out = F.dropout(self.relu(self.conv(x)), 0.5)\nout += x\nreturn out",
    "out = F.leaky_relu(self.conv(x))\nout += x\nreturn out",
    "out = self.lrelu(self.conv(x))\nout += x\nreturn out",
    "out = F.elu(self.conv(x), inplace=True)\nout += x\nreturn out",
    "out = F.silu(self.conv(x), inplace=True)\nout += x\nreturn out",
    "out = F.gelu(self.conv(x))\nout += x\nreturn out",
    "out = F.hardtanh(self.conv(x), inplace=True)\nout += x\nreturn out",
    "out = self.relu(self.relu(self.conv(x)))\nreturn out",
    # an input that another operation has read
    "y = self.conv(x)\nx += 1\nreturn y + x",
    "y = self.other(x)\nx = self.relu(x)\nreturn y + self.conv(x)",
    "h = self.conv(x)\na = self.other(h)\nb = self.relu(h)\nreturn a + b",
    "h = self.conv(x)\na = F.avg_pool2d(h, 3, 1, 1)\nh += 1\nreturn a + h",
    "h = self.conv(x)\na = F.max_pool2d(h, 3, 1, 1)\nh += a\nreturn h",
    "h = self.conv(x)\na = F.adaptive_avg_pool2d(h, 1)\nh *= a\nreturn h",
    "h = self.conv(x)\na = h.mean((2, 3), keepdim=True)\nh += a\nreturn h",
    "h = self.conv(x)\na = self.norm(h)\nh = self.relu(h)\nreturn a + h",
    "h = self.conv(x)\na = h * self.gamma\nh += 1\nreturn a + h",
    "h = self.conv(x)\na = h * 2\nh += 1\nreturn a + h",
    "h = self.conv(x)\na = torch.sigmoid(h)\nh *= a\nreturn h",
    "h = self.conv(x)\na = torch.sigmoid(h)\nh += a\nreturn h",
    "h = self.conv(x)\na = F.silu(h)\nh += a\nreturn h",
    "h = self.conv(x)\na = h + 1\nh += a\nreturn h",
    "h = self.conv(x)\na = torch.cat([h, h], 1)\nh += 1\nreturn a, h",
    "h = self.conv(x)\na = F.interpolate(h, scale_factor=2)\nh += 1\nreturn a, h",
    "h = self.conv(x)\na = self.fc(h)\nh += a\nreturn h",
    "h = self.conv(x)\na = h.detach()\nb = h * a\nreturn b",
    "h = self.conv(x)\na = h.clone()\nb = self.conv(a)\nh += b\nreturn h",
    # nothing is trained, or no gradient recorded
    "x = torch.sigmoid(x)\nx *= 2\nreturn self.conv(x)",
    "x = F.relu(x)\nx += 1\nreturn self.conv(x)",
    "with torch.no_grad():\n    t = F.relu(self.conv(x))\n    t += 1\nreturn self.other(x) * t",
    "with torch.inference_mode():\n    t = F.relu(self.conv(x))\n    t += 1\nreturn self.other(x) + t",
    "t = self.frozen(x)\nt += 1\nreturn self.conv(x) + t",
    "with torch.no_grad(), torch.enable_grad():\n    t = F.relu(self.conv(x))\nt += 1\nreturn t",
    "t = F.relu(self.conv(x)).detach()\nreturn self.other(x) + t",
    "t = F.relu(self.conv(x))\nwith torch.no_grad():\n    t += 1\nreturn t",
]


@pytest.mark.parametrize("body", BODIES)
def test_unseen_blocks(body: str) -> None:
    """An error where the backward pass raises, and nowhere else."""
    source = FORWARD.format(body.replace("\n", "\n        "))
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(source, "example.py", "exec"), names)
    found = check_source(source, "example.py", select=["CNN609"], inputs=["8x8x8"], isolated=True)
    assert any(each.severity is Severity.ERROR for each in found) is _refused(names["Block"]())


def _refused(network: torch.nn.Module) -> bool:
    try:
        output = network(torch.rand(2, 8, 8, 8))
        parts = output if isinstance(output, tuple) else (output,)
        sum(part.sum() for part in parts).backward()
    except RuntimeError as error:
        if "inplace operation" not in str(error):
            raise
        return True
    return False
