"""Transposed convolutions."""

from __future__ import annotations

from functools import partial

from cnnlint.graph.dims import Dim, Shape, less, product
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Axes, Convolution
from cnnlint.ops.neural.conv import LAYOUTS, bias_given, wants_floats
from cnnlint.ops.reading import (
    at_least,
    like,
    named,
    per_axis,
    shown,
    size_of,
    wants_channels,
    wants_divisible,
    wants_rank,
)
from cnnlint.ops.spec import Args, FunctionSpec, Result, Signature, refuse


def transposed_convolution(args: Args, axes: int) -> Result:
    """Input (N, C_in, *sizes) or (C_in, *sizes), weight (C_in, C_out / groups, *kernel)."""
    tensor, weight, shape = args.tensor("input"), args.shape("weight"), args.shape("input")
    wants_rank(shape, axes + 2, axes + 1, axes=f"{LAYOUTS[axes]} or without N")
    wants_rank(weight, axes + 2, axes="in its weight")
    wants_pixels(args.bound["padding"])
    stride, dilation = per_axis(args, "stride", axes, 1), per_axis(args, "dilation", axes, 1)
    padding, extra = per_axis(args, "padding", axes, 0), per_axis(args, "output_padding", axes, 0)
    groups, kernel = size_of(args, "groups", 1), weight[2:]
    out = weight[1] * groups
    at_least("out_channels", out, 1)
    bias = bias_given(args, out)
    op = Convolution(
        args.name, weight[0], out, kernel, stride, padding, padding, dilation, groups, bias,
        transposed=True, output_padding=extra,
    )  # fmt: skip
    sizes = shape[-axes:]
    output = tuple(map(transposed_size, sizes, kernel, stride, padding, dilation, extra))
    macs = product(shape[: -axes - 1]) * product(weight) * product(sizes)
    result = Result(like(tensor, (*shape[: -axes - 1], out, *output)), op, {"conv": macs})
    wants_channels(weight[0], shape[-axes - 1], "input channel", len(shape) - axes - 1, result)
    wants_divisible(weight[0], groups, "in_channels", "groups", result)
    _wants_small_output_padding(extra, stride, dilation, result)
    wants_floats(tensor, args)
    _wants_positions(sizes, output, len(shape) - axes)
    return result


def transposed_size(size: Dim, kernel: Dim, stride: Dim, padding: Dim, dilation: Dim, extra: Dim) -> Dim:
    """``(I - 1) S - 2 P + d (K - 1) + output_padding + 1`` (torch.nn.ConvTranspose2d)."""
    return (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + extra + 1


def wants_pixels(padding: object) -> None:
    """Refuse words for padding: ``'same'``, or the letters that the layer keeps of it."""
    letters = isinstance(padding, tuple) and padding and all(isinstance(item, str) for item in padding)
    if isinstance(padding, str) or letters:
        word = padding if isinstance(padding, str) else "".join(map(str, padding if isinstance(padding, tuple) else ()))
        text = f"needs padding in pixels: a transposed convolution does not know {word!r}"
        refuse(ProblemKind.SAME_PADDING, text, got=word)


def _wants_small_output_padding(extra: Axes, stride: Axes, dilation: Axes, result: Result) -> None:
    for pixels, step, spread in zip(extra, stride, dilation, strict=True):
        if not less(pixels, step) and not less(pixels, spread) and less(step - 1, pixels) and less(spread - 1, pixels):
            text = f"needs output_padding below stride or dilation, gets {named(pixels)}"
            refuse(ProblemKind.ARGUMENT, text, expected=step, got=pixels, result=result)


def _wants_positions(sizes: Shape, output: Shape, first_axis: int) -> None:
    for axis, (size, out) in enumerate(zip(sizes, output, strict=True), first_axis):
        if less(out, 1):
            text = f"gives an output of size {named(out)} on axis {axis} from {named(size)} (input {shown(sizes)})"
            refuse(ProblemKind.OUTPUT_SIZE, text, expected=1, got=out, axis=axis)


_SIGNATURE = "input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1"

FUNCTIONS: tuple[FunctionSpec, ...] = tuple(
    FunctionSpec(
        f"conv_transpose{n}d",
        (f"torch.nn.functional.conv_transpose{n}d", f"torch.conv_transpose{n}d"),
        Signature(_SIGNATURE),
        partial(transposed_convolution, axes=n),
    )
    for n in (1, 2, 3)
)
