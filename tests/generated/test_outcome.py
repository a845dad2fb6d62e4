"""The oracle: where it says torch fails."""

from __future__ import annotations

import pytest
from programs.outcome import run
from programs.program import Program

HEAD = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
"""
FORWARD = "\n    def forward(self, x):\n"

IN_SEQUENTIAL = HEAD + (
    "        self.body = nn.Sequential(\n            nn.Conv2d(3, 8, 3),\n            nn.BatchNorm2d(16),\n        )\n"
    + FORWARD
    + "        return self.body(x)\n"
)
IN_FORWARD = HEAD + "        self.conv = nn.Conv2d(4, 8, 3)\n" + FORWARD + "        return self.conv(x)\n"
AT_CONSTRUCTION = (
    HEAD + "        self.conv = nn.Conv2d(\n            3, 8, 3, groups=2\n        )\n" + FORWARD + "        return x\n"
)


@pytest.mark.parametrize(
    ("source", "places"),
    [
        (IN_SEQUENTIAL, ((14, 14), (10, 10))),
        (IN_FORWARD, ((11, 11), (8, 8))),
        (AT_CONSTRUCTION, ((8, 10),)),
    ],
)
def test_failing_lines(source: str, places: tuple[tuple[int, int], ...]) -> None:
    assert run(Program("case", source, "Net", ((1, 3, 8, 8),))).places == places


def test_shapes_and_parameters() -> None:
    source = (
        HEAD + "        self.fc = nn.Linear(8, 2)\n" + FORWARD + "        return {'y': self.fc(x), 'z': (x, None)}\n"
    )
    outcome = run(Program("case", source, "Net", ((1, 3, 8, 8),)))
    assert outcome.runs
    assert outcome.output == {"y": [1, 3, 8, 2], "z": [[1, 3, 8, 8], None]}
    assert outcome.parameters == 18
