"""The typed options of rules: each moves the threshold that it names."""

from __future__ import annotations

from typing import Any

import pytest

from cnnlint import registry
from cnnlint.rule import Example
from cnnlint.testing.examples import run


def net(*layers: str) -> str:
    body = "".join(f"            {layer},\n" for layer in layers)
    return f"class Net(nn.Sequential):\n    def __init__(self):\n        super().__init__(\n{body}        )\n"


CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("CNN105", {"min_unread": 0.3}, net("nn.MaxPool2d(2)", "nn.Conv2d(3, 8, 1)"), "3x7x7"),
    ("CNN201", {"min_saving": 0.3}, net("nn.Conv2d(3, 64, 3)", "nn.Conv2d(64, 64, 5)"), "3x32x32"),
    ("CNN201", {"max_output_channels": 8}, net("nn.Conv2d(3, 64, 3)", "nn.Conv2d(64, 8, 5)"), "3x32x32"),
    ("CNN201", {"max_stem_channels": 8}, net("nn.Conv2d(3, 8, 3)", "nn.Conv2d(8, 64, 5)"), "3x32x32"),
    ("CNN202", {"min_channels": 512}, net("nn.Conv2d(3, 256, 3)", "nn.Conv2d(256, 256, 3)"), "3x32x32"),
    ("CNN202", {"min_width": 128}, net("nn.Conv2d(3, 256, 3)", "nn.Conv2d(256, 256, 3)"), "3x32x32"),
    ("CNN203", {"min_channels": 128}, net("nn.Conv2d(3, 64, 3)", "nn.Conv2d(64, 64, 3)"), "3x32x32"),
    ("CNN203", {"min_share": 0.99}, net("nn.Conv2d(3, 64, 3)", "nn.Conv2d(64, 64, 3)"), "3x32x32"),
    (
        "CNN204",
        {"multiple": 4},
        net("nn.Conv2d(3, 64, 3)", "nn.Conv2d(64, 60, 3)", "nn.Conv2d(60, 64, 3)", "nn.Conv2d(64, 10, 1)"),
        "3x32x32",
    ),
    (
        "CNN301",
        {"min_share": 1.0},
        net("nn.Conv2d(3, 64, 3, 4, 1)", "nn.Flatten()", "nn.Linear(4096, 100)"),
        "3x32x32",
    ),
    (
        "CNN301",
        {"min_model": 1_000_000},
        net("nn.Conv2d(3, 64, 3, 4, 1)", "nn.Flatten()", "nn.Linear(4096, 100)"),
        "3x32x32",
    ),
    (
        "CNN301",
        {"position_words": ("net",)},
        net("nn.Conv2d(3, 64, 3, 4, 1)", "nn.Flatten()", "nn.Linear(4096, 100)"),
        "3x32x32",
    ),
    ("CNN404", {"min_dead": 0.9}, net("nn.Conv2d(3, 8, 3, 4, 1)", "nn.Conv2d(8, 8, 3, 1, 1)"), "3x4x4"),
    (
        "CNN405",
        {"max_input": 16},
        net(
            "nn.Conv2d(3, 8, 7, 2, 3)", "nn.MaxPool2d(3, 2, 1)", "nn.Conv2d(8, 8, 3, 2, 1)", "nn.Conv2d(8, 8, 3, 2, 1)"
        ),
        "3x32x32",
    ),
]


@pytest.mark.parametrize(("code", "options", "source", "size"), CASES)
def test_an_option_moves_the_threshold(code: str, options: dict[str, Any], source: str, size: str) -> None:
    rule = registry.load().rules[code]
    example = Example(source, inputs=(size,))
    assert run(rule(), example).findings
    assert not run(rule(rule.Options(**options)), example).findings


@pytest.mark.parametrize(("target", "found"), [(0, 0), (5, 0), (6, 1)])
def test_cnn401_target_size_asks_of_map_outputs(target: int, found: int) -> None:
    rule = registry.load().rules["CNN401"]
    example = Example(net("nn.Conv2d(3, 8, 3, padding=1)", "nn.Conv2d(8, 1, 3, padding=1)"), inputs=("3x64x64",))
    assert len(run(rule(rule.Options(target_size=target)), example).findings) == found
