"""Layers beyond all measure: rules answer at once, whatever they answer."""

from __future__ import annotations

import time

import pytest

from cnnlint import check_source

HUGE = 10**9
NET = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = {first}
        self.second = {second}
        self.fc = nn.Linear(8, 10)

    def forward(self, x):
        return self.fc(self.second(self.first(x)).mean((2, 3)))
"""


@pytest.mark.parametrize(
    ("first", "second", "size"),
    [
        (f"nn.Conv2d(3, 8, {HUGE}, padding={HUGE})", "nn.Conv2d(8, 8, 3, padding=2, dilation=2)", 32),
        ("nn.Conv2d(3, 8, 3, padding=1)", f"nn.Conv2d(8, 8, {HUGE}, padding={HUGE // 2})", 32),
        ("nn.Conv2d(3, 8, 3, padding=1)", f"nn.Conv2d(8, 8, {HUGE + 1}, padding={HUGE // 2})", 32),
        ("nn.Conv2d(3, 8, 3, padding=1)", f"nn.Conv2d(8, 8, {HUGE}, {HUGE - 1}, {HUGE // 2})", HUGE),
        ("nn.Conv2d(3, 8, 3, padding=2, dilation=2)", f"nn.Conv2d(8, 8, 3, padding={HUGE}, dilation={HUGE})", 32),
        (f"nn.Conv2d(3, 8, 7, 2, {3 * HUGE}, {HUGE})", "nn.Conv2d(8, 8, 3)", 10**12),
        ("nn.Conv2d(3, 8, 3, padding=1)", f"nn.Conv2d(8, 8, 3, stride={HUGE})", 10**18),
        (f"nn.Conv2d(3, 8, 2, padding={HUGE}, dilation=2)", f"nn.Conv2d(8, 8, {10**6}, padding={10**6})", 10**6),
        ("nn.Conv2d(3, 8, 3)", f"nn.AdaptiveAvgPool2d({HUGE})", 32),
        ("nn.Conv2d(3, 8, 3)", f"nn.MaxPool2d({HUGE})", 10**18),
    ],
)
def test_absurd_sizes(first: str, second: str, size: int) -> None:
    start = time.process_time()
    text = NET.format(first=first, second=second)
    codes = ["CNN0", "CNN1", "CNN2", "CNN3", "CNN4"]
    check_source(text, "net.py", inputs=[f"3x{size}x{size}"], select=codes, isolated=True)
    assert time.process_time() - start < 10
