"""Convolution layers, lazy ones too."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from cnnlint.graph.dims import Dim, opaque
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Axes
from cnnlint.ops.layers.common import PLACE, certain, has
from cnnlint.ops.neural.conv import LAYOUTS, convolution, read_margins, wants_unit_stride
from cnnlint.ops.neural.padding import padded
from cnnlint.ops.neural.windows import same_padding
from cnnlint.ops.reading import (
    at_least,
    attribute,
    choice,
    held_size,
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
    bound = Args(f"conv{axes}d", {**args.bound, **functional_arguments(state)}, args.training)
    if mode == "zeros" or not isinstance(mode, str):
        return convolution(bound, axes)
    _wants_fillable(bound, axes, choice(Args("", {"padding_mode": mode}), "padding_mode", PADDING_MODES))
    return convolution(bound, axes, mode)


def _wants_fillable(args: Args, axes: int, mode: str) -> None:
    """Refuse more reflected or wrapped pixels than the input has."""
    shape = args.shape("input")
    wants_rank(shape, axes + 2, axes + 1, axes=f"{LAYOUTS[axes]} or without N")
    kernel = args.shape("weight")[2:]
    margins = read_margins(args, axes, kernel, per_axis(args, "stride", axes), per_axis(args, "dilation", axes))
    padded(shape, tuple(zip(margins.before, margins.after, strict=True)), mode)


def materialize(state: LayerState, args: Args, axes: int, transposed: bool = False) -> LayerState:
    """A lazy convolution takes its input channels from its first input."""
    if attribute(state, "in_channels") != 0:
        return state
    shape = args.shape("input")
    wants_rank(shape, axes + 2, axes + 1, axes=f"{LAYOUTS[axes]} or without N")
    fan_in, out, groups = shape[-axes - 1], held_size(state, "out_channels"), held_size(state, "groups")
    at_least("groups", groups, 1)
    wants_groups(fan_in, out, groups, None)
    kernel = Args("", {"kernel_size": attribute(state, "kernel_size")}).axes("kernel_size", axes)
    weight = (fan_in, out // groups, *kernel) if transposed else (out, fan_in // groups, *kernel)
    attributes = {**state.attributes, "in_channels": fan_in}
    return LayerState(attributes, {**state.parameters, "weight": weight}, state.buffers)


def build_lazy(args: Args, axes: int, build_as: Callable[[Args, int], LayerState], transposed: bool) -> LayerState:
    """As the layer it becomes, with no input channels yet."""
    state = build_as(Args(args.name, {**args.bound, "in_channels": 0}), axes)
    fan_in, kernel = opaque(1), attribute(state, "kernel_size")
    out, groups = attribute(state, "out_channels"), attribute(state, "groups")
    weight = (fan_in, out // groups, *kernel) if transposed else (out, fan_in // groups, *kernel)
    return LayerState(state.attributes, {**state.parameters, "weight": weight})


_OPTIONS = "kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros'" + PLACE


def _family(n: int) -> tuple[LayerSpec, ...]:
    call = partial(forward, axes=n)
    return (
        LayerSpec(
            f"torch.nn.Conv{n}d", Signature("in_channels, out_channels, " + _OPTIONS), partial(build, axes=n), call
        ),
        LayerSpec(
            f"torch.nn.LazyConv{n}d", Signature("out_channels, " + _OPTIONS),
            partial(build_lazy, axes=n, build_as=build, transposed=False), call,
            materialize=partial(materialize, axes=n),
        ),
    )  # fmt: skip


LAYERS: tuple[LayerSpec, ...] = tuple(spec for n in (1, 2, 3) for spec in _family(n))
