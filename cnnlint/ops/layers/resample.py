"""Upsampling layers."""

from __future__ import annotations

from typing import Any

from cnnlint.graph.dims import Sym
from cnnlint.graph.model import ProblemKind
from cnnlint.ops.layers.common import kept, simple, through
from cnnlint.ops.neural.resample import interpolate
from cnnlint.ops.spec import UNKNOWN, Args, LayerSpec, LayerState, TensorLike, refuse

_FIELDS = ("size", "scale_factor", "mode", "align_corners", "recompute_scale_factor")


def _build(args: Args) -> LayerState:
    fields = kept(args, "size", "mode", "align_corners", "recompute_scale_factor")
    value = args.bound["scale_factor"]
    factor = tuple(map(_float, value)) if isinstance(value, tuple) else _float(value) if value else None
    return LayerState({"name": args.name, **fields, "scale_factor": factor})


def _float(value: Any) -> Any:
    """A number as a float; an unknown or symbolic one as it is."""
    if value is UNKNOWN or isinstance(value, Sym | TensorLike):
        return value
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        refuse(ProblemKind.ARGUMENT, f"needs numbers for scale_factor, gets {value!r}", got=repr(value))


def _build_nearest(args: Args) -> LayerState:
    fixed = {"mode": "nearest", "align_corners": None, "recompute_scale_factor": None}
    return _build(Args(args.name, {**args.bound, **fixed}))


def _build_bilinear(args: Args) -> LayerState:
    fixed = {"mode": "bilinear", "align_corners": True, "recompute_scale_factor": None}
    return _build(Args(args.name, {**args.bound, **fixed}))


_FORWARD = through(interpolate, "interpolate", *_FIELDS)
_UPSAMPLE = "size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None"

LAYERS: tuple[LayerSpec, ...] = (
    simple("Upsample", _UPSAMPLE, _build, _FORWARD),
    simple("UpsamplingNearest2d", "size=None, scale_factor=None", _build_nearest, _FORWARD),
    simple("UpsamplingBilinear2d", "size=None, scale_factor=None", _build_bilinear, _FORWARD),
)
