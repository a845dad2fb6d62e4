"""Overlap counts against transposed convolutions run tap by tap, and the closed form against both."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import conv_transpose1d

from cnnlint.graph.queries.overlap import even_kernel, overlap_counts

CONFIGURATIONS = [
    (kernel, stride, dilation, padding)
    for kernel in range(1, 15)
    for stride in range(1, 8)
    for dilation in range(1, 6)
    for padding in range(3)
]


def written(kernel: int, stride: int, dilation: int, padding: int) -> list[int]:
    """The taps that write into each of ``stride`` neighbouring output positions in the middle of a long signal."""
    length = 4 * (dilation * kernel + stride)
    counts = [0] * ((length - 1) * stride + dilation * (kernel - 1) + 1)
    for position in range(length):
        for tap in range(kernel):
            counts[position * stride + dilation * tap] += 1
    counts = counts[padding : len(counts) - padding]
    middle = len(counts) // 2
    return counts[middle : middle + stride]


def test_all_configurations() -> None:
    assert len(CONFIGURATIONS) == 1470
    for kernel, stride, dilation, padding in CONFIGURATIONS:
        counts = overlap_counts(kernel, stride, dilation)
        assert sorted(counts) == sorted(written(kernel, stride, dilation, padding))
        even = math.gcd(dilation, stride) == 1 and kernel % stride == 0
        assert (min(counts) == max(counts)) == even, (kernel, stride, dilation)


@pytest.mark.parametrize(("kernel", "stride", "dilation"), [(3, 2, 1), (5, 3, 1), (2, 3, 1), (3, 2, 2), (4, 2, 1)])
def test_counts_are_what_torch_writes(kernel: int, stride: int, dilation: int) -> None:
    ones = conv_transpose1d(torch.ones(1, 1, 40), torch.ones(1, 1, kernel), stride=stride, dilation=dilation)[0, 0]
    middle = [int(value) for value in ones[60 - 60 % stride :][:stride]]
    assert tuple(middle) == overlap_counts(kernel, stride, dilation)


@pytest.mark.parametrize("stride", range(2, 6))
@pytest.mark.parametrize("kernel", range(1, 9))
def test_even_kernel_keeps_the_output_size(kernel: int, stride: int) -> None:
    for padding in range(kernel):
        for output_padding in range(stride):
            larger, pad, extra = even_kernel(kernel, stride, padding, output_padding)
            assert larger % stride == 0
            assert larger - kernel in range(stride)
            assert pad >= 0
            assert 0 <= extra < stride
            assert larger - 2 * pad + extra == kernel - 2 * padding + output_padding


@pytest.mark.parametrize(
    ("before", "after"), [((3, 2, 1, 1), (4, 1, 0)), ((5, 2, 2, 1), (6, 2, 0)), ((3, 2, 0, 0), (4, 1, 1))]
)
def test_examples(before: tuple[int, int, int, int], after: tuple[int, int, int]) -> None:
    assert even_kernel(*before) == after
