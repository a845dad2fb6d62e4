"""Offsets that stacks of dilated convolutions read, against torch's gradients and by enumeration."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch.nn.functional import conv1d

from cnnlint.graph.queries.gridding import hdc_distance, stacked


def gradient_support(stack: tuple[tuple[int, int], ...]) -> list[int]:
    """The offsets at which the middle output of the stack depends on the input."""
    reach = sum(dilation * (kernel - 1) for kernel, dilation in stack)
    x = torch.ones(1, 1, 2 * reach + 1, dtype=torch.float64, requires_grad=True)
    y = x
    for kernel, dilation in stack:
        y = conv1d(y, torch.ones(1, 1, kernel, dtype=torch.float64), dilation=dilation)
    y[0, 0, 0].backward()
    assert x.grad is not None
    return [int(i) for i in x.grad[0, 0].nonzero()[:, 0]]


@pytest.mark.parametrize(
    "stack",
    [
        ((3, 2), (3, 2), (3, 2)), ((3, 1), (3, 2), (3, 9)), ((3, 1), (3, 2), (3, 5)), ((3, 2), (3, 3)),
        ((3, 1), (3, 3), (3, 2)), ((5, 2), (3, 4)), ((2, 1), (2, 2), (2, 4), (2, 8)), ((7, 3), (3, 1), (3, 2)),
        ((4, 2), (3, 5)),
    ],
)  # fmt: skip
def test_offsets_are_those_torch_reads(stack: tuple[tuple[int, int], ...]) -> None:
    axis = stacked(stack)
    assert [i for i in range(axis.span) if axis.mask >> i & 1] == gradient_support(stack)
    assert axis.holes == axis.span - len(gradient_support(stack))


@pytest.mark.parametrize(
    ("dilations", "read", "span"), [((2, 2, 2), 7, 13), ((1, 2, 9), 21, 25), ((1, 2, 5), 17, 17), ((1, 2, 3), 13, 13)]
)
def test_documented_coverage(dilations: tuple[int, ...], read: int, span: int) -> None:
    axis = stacked(tuple((3, dilation) for dilation in dilations))
    assert (axis.read, axis.span) == (read, span)


def test_hdc_condition_over_all_stacks() -> None:
    """With a first dilation of 1, ``M_2 <= K`` is sufficient for a set without holes in all 14,040 stacks of two to
    five layers with dilations up to 8, and not necessary: 6,237 stacks without holes do not meet it."""
    tried = insufficient = needless = 0
    for kernel, depth in product((3, 5, 7), range(1, 5)):
        for rest in product(range(1, 9), repeat=depth):
            stack = tuple((kernel, dilation) for dilation in (1, *rest))
            full, meets = stacked(stack).holes == 0, hdc_distance(stack) <= kernel
            tried += 1
            insufficient += meets and not full
            needless += full and not meets
    assert (tried, insufficient, needless) == (14040, 0, 6237)


@pytest.mark.parametrize(
    ("dilations", "meets", "full"), [((2, 2, 2), True, False), ((2, 3), True, False), ((1, 3, 2), False, True)]
)
def test_hdc_alone_decides_nothing(dilations: tuple[int, ...], meets: bool, full: bool) -> None:
    stack = tuple((3, dilation) for dilation in dilations)
    assert (hdc_distance(stack) <= 3, stacked(stack).holes == 0) == (meets, full)
