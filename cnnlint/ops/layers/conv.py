"""Convolution layers, lazy ones too."""

from __future__ import annotations

from functools import partial
from typing import Any

from cnnlint.graph.dims import Dim
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Axes
from cnnlint.ops.layers.common import PLACE, certain, has
from cnnlint.ops.neural.conv import LAYOUTS, convolution, wants_unit_stride
from cnnlint.ops.neural.windows import same_padding
from cnnlint.ops.reading import (
    attribute,
    choice,
    ntuple,
    parameter,
    per_axis,
    size_of,
    wants_divisible,
    wants_rank,
)  # fmt: skip
from cnnlint.ops.spec import Args, LayerSpec, LayerState, Refused, Result, Signature, refuse

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def build(args: Args, axes: int) -> LayerState:
    """The attributes and parameters of ``torch.nn.modules.conv._ConvNd``."""
    fan_in, out = size_of(args, "in_channels"), size_of(args, "out_channels")
    groups = size_of(args, "groups", 1)
    kernel = args.axes("kernel_size", axes)
    dilation, stride = ntuple(args.bound["dilation"], axes), ntuple(args.bound["stride"], axes)
    padding = args.bound["padding"]
    state = LayerState(
        {
            "in_channels": fan_in, "out_channels": out, "kernel_size": kernel, "stride": stride,
            "padding": padding if isinstance(padding, str) else ntuple(padding, axes), "dilation": dilation,
            "transposed": False, "output_padding": (0,) * axes, "groups": groups,
            "padding_mode": args.bound["padding_mode"],
        },
        {"weight": (out, fan_in // groups, *kernel), "bias": has(certain(args, "bias"), (out,))},
    )  # fmt: skip
    wants_groups(fan_in, out, groups, Result(state))
    _wants_padding(args, axes, kernel, state)
    choice(args, "padding_mode", PADDING_MODES)
    return state


def wants_groups(fan_in: Dim, out: Dim, groups: Dim, result: Result | None) -> None:
    wants_divisible(fan_in, groups, "in_channels", "groups", result)
    wants_divisible(out, groups, "out_channels", "groups", result)


def _wants_padding(args: Args, axes: int, kernel: Axes, state: LayerState) -> None:
    """Refuse unknown words, and ``'same'`` with a stride; then the state has the pixels that give ``ceil(W / S)``."""
    word = args.bound["padding"]
    if not isinstance(word, str):
        return
    if word not in ("same", "valid"):
        refuse(ProblemKind.ARGUMENT, f"knows the paddings 'same' and 'valid', gets {word!r}", got=word)
    if word == "same":
        try:
            wants_unit_stride(per_axis(args, "stride", axes))
        except Refused as refused:
            pixels = same_padding(kernel, per_axis(args, "dilation", axes))[0]
            mended = LayerState({**state.attributes, "padding": pixels}, state.parameters)
            raise Refused(refused.problem, Result(mended)) from None


def functional_arguments(state: LayerState, *keys: str) -> dict[str, Any]:
    """Weight, bias and geometry, as the layer holds them now."""
    return {
        "weight": parameter(state, "weight"),
        "bias": parameter(state, "bias"),
        **{key: attribute(state, key) for key in ("stride", "padding", "dilation", "groups", *keys)},
    }


def forward(state: LayerState, args: Args, axes: int) -> Result:
    mode = attribute(state, "padding_mode")
    bound = {**args.bound, **functional_arguments(state)}
    if mode == "zeros" or not isinstance(mode, str):
        return convolution(Args(f"conv{axes}d", bound, args.training), axes)
    wants_rank(args.shape("input"), axes + 2, axes + 1, axes=f"{LAYOUTS[axes]} or without N")
    wants_wrapped_padding(args, mode, Args("pad", bound), axes)
    return convolution(Args(f"conv{axes}d", bound, args.training), axes, mode)


def wants_wrapped_padding(args: Args, mode: str, bound: Args, axes: int) -> None:
    """Refuse more reflected or wrapped pixels than the input has."""


def materialize(state: LayerState, args: Args, axes: int, transposed: bool = False) -> LayerState:
    """A lazy convolution takes its input channels from its first input."""
    if attribute(state, "in_channels") != 0:
        return state
    shape = args.shape("input")
    wants_rank(shape, axes + 2, axes + 1, axes=f"{LAYOUTS[axes]} or without N")
    fan_in, out, groups = shape[-axes - 1], attribute(state, "out_channels"), attribute(state, "groups")
    wants_groups(fan_in, out, groups, None)
    kernel = attribute(state, "kernel_size")
    weight = (fan_in, out // groups, *kernel) if transposed else (out, fan_in // groups, *kernel)
    attributes = {**state.attributes, "in_channels": fan_in}
    return LayerState(attributes, {**state.parameters, "weight": weight}, state.buffers)


_OPTIONS = "kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros'" + PLACE

LAYERS: tuple[LayerSpec, ...] = tuple(
    LayerSpec(
        f"torch.nn.Conv{n}d",
        Signature("in_channels, out_channels, " + _OPTIONS),
        partial(build, axes=n),
        partial(forward, axes=n),
    )
    for n in (1, 2, 3)
)
