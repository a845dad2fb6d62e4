"""How many kernel taps of a transposed convolution write into each output position (formula F8)."""

from __future__ import annotations


def overlap_counts(kernel: int, stride: int, dilation: int = 1) -> tuple[int, ...]:
    """Along one axis, the number of taps that write into an interior output position with remainder 0, 1, ... modulo
    ``stride``. Padding and output padding shift the pattern and cut its border; they do not change it.

    All are equal exactly when ``gcd(dilation, stride) == 1`` and ``stride`` divides ``kernel``. Source: Odena et al.,
    https://distill.pub/2016/deconv-checkerboard."""
    counts = [0] * stride
    for tap in range(kernel):
        counts[dilation * tap % stride] += 1
    return tuple(counts)


def even_kernel(kernel: int, stride: int, padding: int, output_padding: int) -> tuple[int, int, int]:
    """The next larger kernel size that overlaps evenly, with the padding and output padding that keep the output
    size: ``kernel - 2*padding + output_padding`` stays the same. For an undilated transposed convolution."""
    larger = -(-kernel // stride) * stride
    surplus = 2 * padding - output_padding + larger - kernel
    if surplus < 0:
        return larger, 0, -surplus
    return larger, (surplus + 1) // 2, surplus % 2
