"""Pooling layers."""

from __future__ import annotations

from functools import partial
from typing import Any

from cnnlint.ops.layers.common import keep, kept, simple, through
from cnnlint.ops.neural.adaptive import adaptive_pool
from cnnlint.ops.neural.pooling import pool, power_average_pool
from cnnlint.ops.reading import ntuple
from cnnlint.ops.spec import Args, LayerSpec, LayerState


def _stride(args: Args) -> Any:
    return args.bound["stride"] if args.given("stride") else args.bound["kernel_size"]


def _build_max(args: Args) -> LayerState:
    fields = kept(args, "kernel_size", "padding", "dilation", "return_indices", "ceil_mode")
    return LayerState({**fields, "stride": _stride(args)})


def _build_avg(args: Args, axes: int) -> LayerState:
    fields = kept(args, "kernel_size", "padding", "ceil_mode", "count_include_pad")
    fields["stride"] = _stride(args)
    if axes == 1:
        fields |= {key: ntuple(fields[key], 1) for key in ("kernel_size", "stride", "padding")}
    else:
        fields["divisor_override"] = args.bound["divisor_override"]
    return LayerState(fields)


_MAX = "kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False"
_MAX_FIELDS = ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
_AVG = "kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True"
_AVG_FIELDS = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")
_LP_FIELDS = ("norm_type", "kernel_size", "stride", "ceil_mode")


def _family(n: int) -> tuple[LayerSpec, ...]:
    adaptive_avg = partial(adaptive_pool, kind="avg", axes=n)
    adaptive_max = partial(adaptive_pool, kind="max", axes=n)
    return (
        simple(
            f"MaxPool{n}d", _MAX, _build_max,
            through(partial(pool, kind="max", axes=n), f"max_pool{n}d", *_MAX_FIELDS),
        ),
        simple(
            f"AvgPool{n}d", _AVG + (", divisor_override=None" if n > 1 else ""), partial(_build_avg, axes=n),
            through(partial(pool, kind="avg", axes=n), f"avg_pool{n}d", *_AVG_FIELDS),
        ),
        simple(
            f"LPPool{n}d", "norm_type, kernel_size, stride=None, ceil_mode=False", keep(*_LP_FIELDS),
            through(partial(power_average_pool, axes=n), f"lp_pool{n}d", *_LP_FIELDS),
        ),
        simple(
            f"AdaptiveAvgPool{n}d", "output_size", keep("output_size"),
            through(adaptive_avg, f"adaptive_avg_pool{n}d", "output_size"),
        ),
        simple(
            f"AdaptiveMaxPool{n}d", "output_size, return_indices=False", keep("output_size", "return_indices"),
            through(adaptive_max, f"adaptive_max_pool{n}d", "output_size", "return_indices"),
        ),
    )  # fmt: skip


LAYERS: tuple[LayerSpec, ...] = tuple(spec for n in (1, 2, 3) for spec in _family(n))
