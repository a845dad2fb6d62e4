"""Transposed convolution layers, lazy ones too."""

from __future__ import annotations

from functools import partial

from cnnlint.graph.dims import less
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Axes
from cnnlint.ops.layers.common import PLACE, certain, has
from cnnlint.ops.layers.conv import PADDING_MODES, build_lazy, functional_arguments, materialize, wants_groups
from cnnlint.ops.neural.conv import LAYOUTS
from cnnlint.ops.neural.transposed import transposed_convolution, transposed_size, wants_pixels
from cnnlint.ops.reading import attribute, choice, named, ntuple, per_axis, shown, size_of, wants_rank
from cnnlint.ops.spec import Args, LayerSpec, LayerState, Result, Signature, refuse


def build(args: Args, axes: int) -> LayerState:
    """As :func:`cnnlint.ops.layers.conv.build`; a word for padding is kept as its letters and refused by the call."""
    fan_in, out = size_of(args, "in_channels"), size_of(args, "out_channels")
    groups, kernel = size_of(args, "groups", 1), args.axes("kernel_size", axes)
    spread = {key: ntuple(args.bound[key], axes) for key in ("stride", "padding", "dilation", "output_padding")}
    state = LayerState(
        {
            "in_channels": fan_in, "out_channels": out, "kernel_size": kernel, **spread, "transposed": True,
            "groups": groups, "padding_mode": args.bound["padding_mode"],
        },
        {"weight": (fan_in, out // groups, *kernel), "bias": has(certain(args, "bias"), (out,))},
    )  # fmt: skip
    wants_groups(fan_in, out, groups, Result(state))
    choice(args, "padding_mode", PADDING_MODES)
    return state


def forward(state: LayerState, args: Args, axes: int) -> Result:
    mode = attribute(state, "padding_mode")
    if isinstance(mode, str) and mode != "zeros":
        refuse(ProblemKind.ARGUMENT, f"knows the padding_mode 'zeros' only, gets {mode!r}", got=mode)
    bound = {**args.bound, **functional_arguments(state, "output_padding")}
    wants_rank(args.shape("input"), axes + 2, axes + 1, axes=f"{LAYOUTS[axes]} or without N")
    if args.given("output_size"):
        wants_pixels(bound["padding"])
        bound["output_padding"] = _output_padding(args, Args(args.name, bound), axes)
    return transposed_convolution(Args(f"conv_transpose{axes}d", bound, args.training), axes)


def _output_padding(args: Args, bound: Args, axes: int) -> Axes:
    """The output padding that gives ``output_size``."""
    given = args["output_size"]
    if not isinstance(given, list | tuple):
        refuse(ProblemKind.ARGUMENT, f"needs a sequence for output_size, gets {given!r}", got=repr(given))
    shape = args.shape("input")
    wanted = given[-axes:] if len(given) == len(shape) else given
    sizes = Args(args.name, {"output_size": wanted}).axes("output_size", axes)
    stride, padding, dilation = (per_axis(bound, key, axes) for key in ("stride", "padding", "dilation"))
    kernel = bound.shape("weight")[2:]
    least = tuple(map(transposed_size, shape[-axes:], kernel, stride, padding, dilation, (0,) * axes))
    for size, low, step in zip(sizes, least, stride, strict=True):
        if less(size, low) or less(low + step - 1, size):
            text = f"can give sizes from {shown(least)} to less than a stride more, not {named(size)}"
            refuse(ProblemKind.ARGUMENT, text, expected=least, got=sizes)
    return tuple(size - low for size, low in zip(sizes, least, strict=True))


_OPTIONS = (
    "kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1, padding_mode='zeros'" + PLACE
)
_CALL = Signature("input, output_size=None")


def _family(n: int) -> tuple[LayerSpec, ...]:
    call = partial(forward, axes=n)
    return (
        LayerSpec(
            f"torch.nn.ConvTranspose{n}d", Signature("in_channels, out_channels, " + _OPTIONS), partial(build, axes=n),
            call, _CALL,
        ),
        LayerSpec(
            f"torch.nn.LazyConvTranspose{n}d", Signature("out_channels, " + _OPTIONS),
            partial(build_lazy, axes=n, build_as=build, transposed=True), call, _CALL,
            partial(materialize, axes=n, transposed=True),
        ),
    )  # fmt: skip


LAYERS: tuple[LayerSpec, ...] = tuple(spec for n in (1, 2, 3) for spec in _family(n))
