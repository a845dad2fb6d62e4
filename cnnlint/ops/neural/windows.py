"""Sliding windows: output sizes of convolutions and pools."""

from __future__ import annotations

from cnnlint.graph.dims import Dim, Shape, less, lower, upper
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Axes, Operation
from cnnlint.ops.reading import named, shown
from cnnlint.ops.spec import Result, TensorSpec, refuse


def window_count(size: Dim, kernel: Dim, stride: Dim, before: Dim, after: Dim, dilation: Dim) -> Dim:
    """``floor((W + P - d(K - 1) - 1) / S) + 1`` (torch.nn.Conv2d)."""
    if isinstance(stride, int) and stride < 1:
        return 0
    return (size + before + after - dilation * (kernel - 1) - 1) // stride + 1


def ceil_window_count(size: Dim, kernel: Dim, stride: Dim, padding: Dim, dilation: Dim) -> Dim | None:
    """The same rounded up, where the last window must start inside the input or the padding before it
    (torch.nn.MaxPool2d). ``None`` if the unknowns decide which of the two bounds holds.

    Rounding up gives ``(W + 2P - d(K - 1) - 1 + S - 1) // S + 1``, the last start allows ``(W + P - 1) // S + 1``;
    the difference of the numerators does not depend on W."""
    if isinstance(stride, int) and stride < 1:
        return 0
    slack = padding + stride - 1 - dilation * (kernel - 1)
    start = size + padding - 1
    if lower(slack) >= 0:
        return start // stride + 1
    if upper(slack) <= 0:
        return (start + slack) // stride + 1
    return None


def same_padding(kernel: Axes, dilation: Axes) -> tuple[Axes, Axes]:
    """Pixels before and after that keep the size at stride 1; the odd one goes after."""
    total = tuple(d * (k - 1) for k, d in zip(kernel, dilation, strict=True))
    before = tuple(pixels // 2 for pixels in total)
    return before, tuple(pixels - b for pixels, b in zip(total, before, strict=True))


def wants_windows(
    sizes: Shape, output: Shape, kernel: Axes, dilation: Axes, first_axis: int, op: Operation | None = None
) -> None:
    """Refuse an output without positions. With ``op`` the call is still known for what it is."""
    for offset, (size, out) in enumerate(zip(sizes, output, strict=True)):
        if less(out, 1):
            reach = dilation[offset] * (kernel[offset] - 1) + 1
            refuse(
                ProblemKind.OUTPUT_SIZE,
                f"gives an output of size {named(out)} on axis {first_axis + offset}: a window of {named(reach)} does "
                f"not fit into {named(size)} with this padding (input {shown(sizes)})",
                expected=reach,
                got=size,
                axis=first_axis + offset,
                result=Result(TensorSpec(None), op) if op is not None else None,
            )
