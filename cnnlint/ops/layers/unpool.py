"""Max unpooling and fractional max pooling layers."""

from __future__ import annotations

from functools import partial

from cnnlint.graph.model import ProblemKind
from cnnlint.ops.layers.common import kept, simple, through
from cnnlint.ops.neural.unpool import fractional_max_pool, max_unpool
from cnnlint.ops.reading import ntuple, number
from cnnlint.ops.spec import UNKNOWN, Args, LayerSpec, LayerState, refuse


def _build_unpool(args: Args, axes: int) -> LayerState:
    stride = args.bound["stride" if args.given("stride") else "kernel_size"]
    fields = {"kernel_size": args.bound["kernel_size"], "stride": stride, "padding": args.bound["padding"]}
    return LayerState({key: ntuple(value, axes) for key, value in fields.items()})


def _build_fractional(args: Args, axes: int) -> LayerState:
    by_size, by_ratio = args.given("output_size"), args.given("output_ratio")
    if by_size == by_ratio and UNKNOWN not in (args.bound["output_size"], args.bound["output_ratio"]):
        text = f"needs either output_size or output_ratio, gets {'both' if by_size else 'neither'}"
        refuse(ProblemKind.ARGUMENT, text)
    ratio = _ratios(args, axes) if by_ratio else None
    size = ntuple(args.bound["output_size"], axes) if by_size else None
    kernel = ntuple(args.bound["kernel_size"], axes)
    fields = {"kernel_size": kernel, "output_size": size, "output_ratio": ratio, **kept(args, "return_indices")}
    return LayerState(fields, {}, {"_random_samples": None})


def _ratios(args: Args, axes: int) -> object:
    value = args.bound["output_ratio"]
    if value is UNKNOWN:
        return value
    ratios = ntuple(value, axes)
    numbers = [number(Args(args.name, {"output_ratio": ratio}), "output_ratio") for ratio in ratios]
    if len(ratios) < axes or any(ratio is not None and not 0 < ratio < 1 for ratio in numbers[:axes]):
        refuse(ProblemKind.ARGUMENT, f"needs output ratios between 0 and 1, gets {value!r}", got=repr(value))
    return ratios


_WINDOW = ("kernel_size", "stride", "padding")
_FRACTIONAL = "kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None"
_FRACTIONAL_FIELDS = ("kernel_size", "output_size", "output_ratio", "return_indices")

LAYERS: tuple[LayerSpec, ...] = tuple(
    simple(
        f"MaxUnpool{n}d", "kernel_size, stride=None, padding=0", partial(_build_unpool, axes=n),
        through(partial(max_unpool, axes=n), f"max_unpool{n}d", *_WINDOW), "input, indices, output_size=None",
    )
    for n in (1, 2, 3)
) + tuple(
    simple(
        f"FractionalMaxPool{n}d", _FRACTIONAL, partial(_build_fractional, axes=n),
        through(partial(fractional_max_pool, axes=n), f"fractional_max_pool{n}d", *_FRACTIONAL_FIELDS),
    )
    for n in (2, 3)
)  # fmt: skip
