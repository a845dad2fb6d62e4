"""Layers that rearrange their input, or leave it alone."""

from __future__ import annotations

from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Identity
from cnnlint.ops.layers.common import keep, kept, simple, through
from cnnlint.ops.neural.flatten import flatten, unflatten
from cnnlint.ops.neural.shuffle import channel_shuffle, fold, pixel_shuffle, pixel_unshuffle, unfold
from cnnlint.ops.spec import Args, LayerSpec, LayerState, Result, refuse


def _build_unflatten(args: Args) -> LayerState:
    sizes = args["unflattened_size"]
    if not isinstance(sizes, list | tuple):
        refuse(ProblemKind.ARGUMENT, f"needs a sequence of sizes, gets {sizes!r}", got=repr(sizes))
    args.dim("dim")
    return LayerState(kept(args, "dim", "unflattened_size"))


def _identity(state: LayerState, args: Args) -> Result:
    return Result(args.bound["input"], Identity("identity"))


_WINDOW = ("kernel_size", "dilation", "padding", "stride")
_UNFOLD = "kernel_size, dilation=1, padding=0, stride=1"

LAYERS: tuple[LayerSpec, ...] = (
    simple("Identity", "*args, **kwargs", keep(), _identity),
    simple(
        "Flatten", "start_dim=1, end_dim=-1", keep("start_dim", "end_dim"),
        through(flatten, "flatten", "start_dim", "end_dim"),
    ),
    simple(
        "Unflatten", "dim, unflattened_size", _build_unflatten,
        through(unflatten, "unflatten", "dim", "unflattened_size"),
    ),
    simple(
        "PixelShuffle", "upscale_factor", keep("upscale_factor"),
        through(pixel_shuffle, "pixel_shuffle", "upscale_factor"),
    ),
    simple(
        "PixelUnshuffle", "downscale_factor", keep("downscale_factor"),
        through(pixel_unshuffle, "pixel_unshuffle", "downscale_factor"),
    ),
    simple("ChannelShuffle", "groups", keep("groups"), through(channel_shuffle, "channel_shuffle", "groups")),
    simple("Unfold", _UNFOLD, keep(*_WINDOW), through(unfold, "unfold", *_WINDOW)),
    simple(
        "Fold", "output_size, " + _UNFOLD, keep("output_size", *_WINDOW), through(fold, "fold", "output_size", *_WINDOW)
    ),
)  # fmt: skip
