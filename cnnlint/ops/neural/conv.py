"""Convolutions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from cnnlint.graph.dims import Dim, differ, product
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Axes, Convolution
from cnnlint.ops.neural.windows import same_padding, wants_windows, window_count
from cnnlint.ops.reading import (  # fmt: skip
    at_least,
    floating,
    like,
    per_axis,
    shown,
    size_of,
    wants_channels,
    wants_divisible,
    wants_rank,
)
from cnnlint.ops.spec import Args, FunctionSpec, Result, Signature, TensorLike, refuse

LAYOUTS = {1: "(N, C, L)", 2: "(N, C, H, W)", 3: "(N, C, D, H, W)"}


@dataclass(frozen=True, slots=True)
class Margins:
    """Padding in pixels on either side of each axis, and the word it was written as."""

    before: Axes
    after: Axes
    text: str | None = None


def convolution(args: Args, axes: int, padding_mode: str = "zeros") -> Result:
    """Input (N, C_in, *sizes) or (C_in, *sizes), weight (C_out, C_in / groups, *kernel)."""
    tensor, weight = args.tensor("input"), args.shape("weight")
    shape = args.shape("input")
    wants_rank(shape, axes + 2, axes + 1, axes=f"{LAYOUTS[axes]} or without N")
    wants_rank(weight, axes + 2, axes="in its weight")
    stride, dilation = per_axis(args, "stride", axes, 1), per_axis(args, "dilation", axes, 1)
    groups, kernel = size_of(args, "groups", 1), weight[2:]
    at_least("out_channels", weight[0], 1)
    channels, sizes = shape[-axes - 1], shape[-axes:]
    bias = bias_given(args, weight[0])
    margins = read_margins(args, axes, kernel, stride, dilation)
    op = Convolution(
        args.name, weight[1] * groups, weight[0], kernel, stride, margins.before, margins.after, dilation, groups,
        bias, margins.text, padding_mode,
    )  # fmt: skip
    output = tuple(map(window_count, sizes, kernel, stride, margins.before, margins.after, dilation))
    full = (*shape[: -axes - 1], weight[0], *output)
    macs = product(shape[: -axes - 1]) * product(weight) * product(output)
    result = Result(like(tensor, full), op, {"conv": macs})
    wants_channels(op.in_channels, channels, "input channel", len(shape) - axes - 1, result)
    wants_divisible(weight[0], groups, "out_channels", "groups", result)
    wants_floats(tensor, args)
    wants_windows(sizes, output, kernel, dilation, len(shape) - axes, op)
    return result


def bias_given(args: Args, channels: Dim) -> bool:
    """Whether there is a bias; refuses one that is not one number for each output channel."""
    if not args.given("bias"):
        return False
    shape = args.shape("bias")
    if len(shape) != 1 or differ(shape[0], channels):
        text = f"needs a bias of shape {shown((channels,))}, gets {shown(shape)}"
        refuse(ProblemKind.CHANNELS, text, expected=(channels,), got=shape)
    return True


def wants_floats(tensor: TensorLike, args: Args) -> None:
    """Refuse integer input beside a floating weight."""
    weight = args.tensor("weight")
    if not floating(tensor) and (weight.dtype is None or floating(weight)):
        refuse(ProblemKind.DTYPE, f"needs floating-point input, gets {tensor.dtype}", got=tensor.dtype)


def read_margins(args: Args, axes: int, kernel: Axes, stride: Axes, dilation: Axes) -> Margins:
    """The ``padding`` argument: pixels, ``'valid'`` or ``'same'``."""
    word = args.bound["padding"]
    if not isinstance(word, str):
        pixels = per_axis(args, "padding", axes, 0)
        return Margins(pixels, pixels)
    if word == "valid":
        return Margins((0,) * axes, (0,) * axes, word)
    if word != "same":
        refuse(ProblemKind.ARGUMENT, f"knows the paddings 'same' and 'valid', gets {word!r}", got=word)
    wants_unit_stride(stride)
    return Margins(*same_padding(kernel, dilation), word)


def wants_unit_stride(stride: Axes) -> None:
    if any(differ(step, 1) for step in stride):
        text = f"cannot combine padding='same' with stride {shown(stride)}"
        refuse(ProblemKind.SAME_PADDING, text, expected=1, got=stride)


_SIGNATURE = Signature("input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1")

FUNCTIONS: tuple[FunctionSpec, ...] = tuple(
    FunctionSpec(
        f"conv{n}d",
        (f"torch.nn.functional.conv{n}d", f"torch.conv{n}d"),
        _SIGNATURE,
        partial(convolution, axes=n),
    )
    for n in (1, 2, 3)
)
