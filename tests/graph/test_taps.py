"""Positions read and taps alive, by enumeration and by torch's gradients."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import conv1d

from cnnlint.graph.queries.taps import live_taps, outputs, unread_count, unread_positions

WINDOWS = [
    (size, kernel, stride, padding, dilation)
    for size in range(1, 16)
    for kernel in range(1, 6)
    for stride in range(1, 5)
    for padding in range(4)
    for dilation in range(1, 4)
    if outputs(size, kernel, stride, padding, dilation) > 0
]


def test_unread_positions_closed_form() -> None:
    checked = 0
    for size, kernel, stride, padding, dilation in WINDOWS:
        if dilation == 1 and kernel >= stride and padding < kernel:
            unread = unread_positions(size, kernel, stride, padding)
            assert len(unread) == max(0, (size + 2 * padding - kernel) % stride - padding)
            assert unread == tuple(range(size - len(unread), size))
            checked += 1
    assert checked > 500


def test_unread_count_is_that_of_the_positions() -> None:
    for window in WINDOWS:
        assert unread_count(*window) == len(unread_positions(*window))
    assert unread_count(2, 3, 1) is None


def test_live_taps_by_enumeration() -> None:
    for size, kernel, stride, padding, dilation in WINDOWS:
        windows = outputs(size, kernel, stride, padding, dilation)
        alive = [
            tap
            for tap in range(kernel)
            if any(0 <= i * stride - padding + tap * dilation < size for i in range(windows))
        ]
        assert list(live_taps(size, windows, kernel, stride, padding, dilation)) == alive


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "dilation"),
    [(1, 3, 1, 1, 1), (2, 7, 2, 3, 1), (14, 3, 1, 36, 36), (28, 3, 1, 24, 24), (5, 4, 3, 2, 1), (7, 2, 2, 0, 1)],
)
def test_against_gradients(size: int, kernel: int, stride: int, padding: int, dilation: int) -> None:
    x = torch.ones(1, 1, size, requires_grad=True)
    weight = torch.ones(1, 1, kernel, requires_grad=True)
    y = conv1d(x, weight, stride=stride, padding=padding, dilation=dilation)
    y.sum().backward()
    assert x.grad is not None
    assert weight.grad is not None
    alive = tuple(int(i) for i in weight.grad[0, 0].nonzero()[:, 0])
    unread = tuple(int(i) for i in (x.grad[0, 0] == 0).nonzero()[:, 0])
    assert live_taps(size, y.shape[-1], kernel, stride, padding, dilation) == alive
    assert unread_positions(size, kernel, stride, padding, dilation) == unread
