"""Which positions a sliding window reads, and which of its taps ever read one (formulas F6 and F7)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from math import prod

from cnnlint.graph.dims import Shape
from cnnlint.graph.model import Node
from cnnlint.graph.operations import Convolution

ENUMERABLE = 1_000_000
"""Taps that are looked at one by one; a kernel or map with more is not a real one."""


def outputs(size: int, kernel: int, stride: int, padding: int = 0, dilation: int = 1) -> int:
    """How many windows fit along one axis (formula F1, without ``ceil_mode``)."""
    return max((size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1, 0)


def unread_positions(size: int, kernel: int, stride: int, padding: int = 0, dilation: int = 1) -> tuple[int, ...]:
    """The positions along one axis that no window reads.

    For an undilated window that is no shorter than its stride there are
    ``max(0, (size + 2*padding - kernel) % stride - padding)``, all at the end."""
    windows = outputs(size, kernel, stride, padding, dilation)
    read = {i * stride - padding + k * dilation for i in range(windows) for k in range(kernel)}
    return tuple(position for position in range(size) if position not in read)


def unread_count(size: int, kernel: int, stride: int, padding: int = 0, dilation: int = 1) -> int | None:
    """How many positions along one axis no window reads; ``None`` if not one window fits, or if there are too many taps
    to look at each of a dilated window."""
    windows = outputs(size, kernel, stride, padding, dilation)
    if windows == 0:
        return None
    if dilation == 1 and kernel >= stride and padding < kernel:
        return max(0, (size + 2 * padding - kernel) % stride - padding)
    return len(unread_positions(size, kernel, stride, padding, dilation)) if windows * kernel <= ENUMERABLE else None


def live_taps(size: int, windows: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> tuple[int, ...]:
    """The taps that read a position of the map in at least one of ``windows`` windows; the others read only padding."""
    return tuple(
        tap
        for tap in range(kernel)
        if max(0, -((dilation * tap - padding) // stride)) * stride + dilation * tap - padding < size
        and max(0, -((dilation * tap - padding) // stride)) < windows
    )


def conv_live_taps(node: Node) -> frozenset[tuple[int, ...]] | None:
    """The taps of a convolution, as one index an axis, that ever read its map.

    ``None`` where a size is not known, for a kernel beyond all measure, and for what reads no zeros at the border:
    other padding modes repeat pixels, and a transposed convolution reads no border."""
    conv, before, after = node.op, node.inputs[0].shape, node.output.shape
    if not isinstance(conv, Convolution) or conv.transposed or conv.padding_mode != "zeros":
        return None
    axes = len(conv.kernel_size)
    if before is None or after is None or len(before) != axes + 2:
        return None
    numbers = _integers(before[2:], after[2:], conv.kernel_size, conv.stride, conv.padding, conv.dilation)
    if numbers is None or prod(numbers[2]) > ENUMERABLE:
        return None
    return frozenset(product(*(live_taps(*axis) for axis in zip(*numbers, strict=True))))


def _integers(*shapes: Shape) -> list[tuple[int, ...]] | None:
    known = [tuple(size for size in shape if isinstance(size, int)) for shape in shapes]
    return known if all(len(a) == len(b) for a, b in zip(known, shapes, strict=True)) else None


def dead_taps(nodes: Iterable[Node]) -> tuple[int, int] | None:
    """How many taps of one layer read nothing but padding in all of its calls, and how many taps it has."""
    alive: set[tuple[int, ...]] = set()
    total = 0
    for node in nodes:
        taps = conv_live_taps(node)
        if taps is None or not isinstance(node.op, Convolution):
            return None
        alive |= taps
        total = prod(size for size in node.op.kernel_size if isinstance(size, int))
    return total - len(alive), total
