"""Moving elements between channels and positions: pixel shuffle, channel shuffle, unfold and fold."""

from __future__ import annotations

from cnnlint.graph.dims import differ, product
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import ChannelShuffle, PixelShuffle, Unfold
from cnnlint.ops.neural.norms import wants_axes
from cnnlint.ops.neural.windows import wants_windows, window_count
from cnnlint.ops.reading import like, named, per_axis, shown, size_of, wants_divisible, wants_rank
from cnnlint.ops.spec import Args, FunctionSpec, Result, Signature, refuse


def pixel_shuffle(args: Args) -> Result:
    """(*, C r^2, H, W) to (*, C, H r, W r)."""
    tensor, shape = args.tensor("input"), args.shape("input")
    wants_axes(shape, 3)
    factor = size_of(args, "upscale_factor", 1)
    channels, height, width = shape[-3:]
    output = (*shape[:-3], channels // (factor * factor), height * factor, width * factor)
    result = Result(like(tensor, output), PixelShuffle("pixel_shuffle", factor))
    wants_divisible(channels, factor * factor, "the number of channels", "upscale_factor squared", result)
    return result


def pixel_unshuffle(args: Args) -> Result:
    """(*, C, H r, W r) to (*, C r^2, H, W)."""
    tensor, shape = args.tensor("input"), args.shape("input")
    wants_axes(shape, 3)
    factor = size_of(args, "downscale_factor", 1)
    channels, height, width = shape[-3:]
    output = (*shape[:-3], channels * factor * factor, height // factor, width // factor)
    result = Result(like(tensor, output), PixelShuffle("pixel_unshuffle", factor, inverse=True))
    wants_divisible(height, factor, "the height", "downscale_factor", result)
    wants_divisible(width, factor, "the width", "downscale_factor", result)
    return result


def channel_shuffle(args: Args) -> Result:
    """(N, C, *) to itself; C is split into ``groups`` that are interleaved."""
    tensor, shape = args.tensor("input"), args.shape("input")
    wants_axes(shape, 3)
    groups = size_of(args, "groups", 1)
    result = Result(like(tensor), ChannelShuffle("channel_shuffle", groups))
    wants_divisible(shape[1], groups, "the number of channels", "groups", result)
    return result


def unfold(args: Args) -> Result:
    """(N, C, H, W) to (N, C k^2, L), L the number of windows; N may be missing."""
    tensor, shape = args.tensor("input"), args.shape("input")
    wants_rank(shape, 4, 3, axes="(N, C, H, W) or without N")
    op = _windows(args, "unfold")
    windows = tuple(map(window_count, shape[-2:], op.kernel_size, op.stride, op.padding, op.padding, op.dilation))
    wants_windows(shape[-2:], windows, op.kernel_size, op.dilation, len(shape) - 2)
    output = (*shape[:-3], shape[-3] * product(op.kernel_size), product(windows))
    _wants_content(shape, 4)
    return Result(like(tensor, output), op)


def fold(args: Args) -> Result:
    """(N, C k^2, L) to (N, C, *output_size), overlaps added up; N may be missing."""
    tensor, shape = args.tensor("input"), args.shape("input")
    wants_rank(shape, 3, 2, axes="(N, C, L) or without N")
    op, sizes = _windows(args, "fold"), per_axis(args, "output_size", 2, 1)
    channels = shape[-2] // product(op.kernel_size)
    result = Result(like(tensor, (*shape[:-2], channels, *sizes)), op)
    wants_divisible(shape[-2], product(op.kernel_size), "the number of channels", "the window's area", result)
    windows = tuple(map(window_count, sizes, op.kernel_size, op.stride, op.padding, op.padding, op.dilation))
    wants_windows(sizes, windows, op.kernel_size, op.dilation, len(shape) - 1)
    if differ(product(windows), shape[-1]):
        text = f"needs {named(product(windows))} windows for an output of {shown(sizes)}, gets {named(shape[-1])}"
        refuse(ProblemKind.RESHAPE, text, expected=product(windows), got=shape[-1], axis=len(shape) - 1, result=result)
    _wants_content(shape, 3)
    return result


def _wants_content(shape: tuple[object, ...], batched: int) -> None:
    for axis, size in enumerate(shape):
        if size == 0 and (axis > 0 or len(shape) < batched):
            refuse(ProblemKind.OUTPUT_SIZE, "needs a size above 0 on every axis but the batch", got=0, axis=axis)


def _windows(args: Args, name: str) -> Unfold:
    kernel, dilation = per_axis(args, "kernel_size", 2, 1), per_axis(args, "dilation", 2, 1)
    stride, padding = per_axis(args, "stride", 2, 1), per_axis(args, "padding", 2, 0)
    return Unfold(name, kernel, stride, padding, dilation, inverse=name == "fold")


_HOME = "torch.nn.functional."

FUNCTIONS: tuple[FunctionSpec, ...] = (
    FunctionSpec(
        "pixel_shuffle", (_HOME + "pixel_shuffle", "torch.pixel_shuffle"), Signature("input, upscale_factor"),
        pixel_shuffle,
    ),
    FunctionSpec(
        "pixel_unshuffle", (_HOME + "pixel_unshuffle", "torch.pixel_unshuffle"), Signature("input, downscale_factor"),
        pixel_unshuffle,
    ),
    FunctionSpec(
        "channel_shuffle",
        (
            _HOME + "channel_shuffle", "torch.channel_shuffle", _HOME + "native_channel_shuffle",
            "torch.native_channel_shuffle",
        ),
        Signature("input, groups"), channel_shuffle,
    ),
    FunctionSpec(
        "unfold", (_HOME + "unfold",), Signature("input, kernel_size, dilation=1, padding=0, stride=1"), unfold
    ),
    FunctionSpec(
        "fold", (_HOME + "fold",), Signature("input, output_size, kernel_size, dilation=1, padding=0, stride=1"), fold
    ),
)  # fmt: skip
