"""Interpolation: ``interpolate``, ``upsample`` and their layers."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import partial
from typing import Any

from cnnlint.graph.dims import Dim, Shape, Sym, less, opaque
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Axes, Resample
from cnnlint.ops.reading import choice, floating, like, maybe, named, wants_rank
from cnnlint.ops.spec import UNKNOWN, Args, FunctionSpec, Result, Signature, TensorLike, refuse

# The modes that each number of spatial axes knows.
_MODES: dict[int, tuple[str, ...]] = {
    1: ("nearest", "nearest-exact", "area", "linear"),
    2: ("nearest", "nearest-exact", "area", "bilinear", "bicubic", "lanczos"),
    3: ("nearest", "nearest-exact", "area", "trilinear"),
}
_ALL_MODES = tuple(dict.fromkeys(mode for modes in _MODES.values() for mode in modes))
_WITHOUT_CORNERS = ("nearest", "nearest-exact", "area")
_ANTIALIASED = ("bilinear", "bicubic", "lanczos")

# Factors with a denominator up to this are exact in floating point for every size, if it is a power of two.
_EXACT = 64

Scale = tuple[tuple[int, int], ...]


def interpolate(args: Args) -> Result:
    """Input (N, C, *sizes) to (N, C, *new sizes), one to three spatial axes."""
    tensor, shape = args.tensor("input"), args.shape("input")
    mode = choice(args, "mode", _ALL_MODES)
    corners = _corners(args, mode)
    sizes = shape[2:]
    output, scale = new_sizes(args, sizes)
    wants_rank(shape, 3, 4, 5, axes="(N, C, and 1 to 3 more)")
    if mode not in _MODES[len(sizes)]:
        text = f"cannot resize a tensor with {len(shape)} axes with mode {mode!r}"
        refuse(ProblemKind.ARGUMENT, text, expected=", ".join(_MODES[len(sizes)]), got=mode)
    _wants_antialias(args, mode, len(sizes))
    result = Result(like(tensor, (*shape[:2], *output)), Resample("interpolate", mode, scale, corners))
    for axis, (size, out) in enumerate(zip(sizes, output, strict=True), 2):
        if less(out, 1) or less(size, 1):
            text = f"resizes axis {axis} from {named(size)} to {named(out)}: sizes must be above 0"
            refuse(ProblemKind.OUTPUT_SIZE, text, expected=1, got=out, axis=axis)
    _wants_type(tensor, mode)
    return result


def _wants_type(tensor: TensorLike, mode: str) -> None:
    if not floating(tensor) and tensor.dtype != "uint8":
        refuse(ProblemKind.DTYPE, f"needs floating-point input, gets {tensor.dtype}", got=tensor.dtype)


def _corners(args: Args, mode: str) -> bool | None:
    if mode not in _WITHOUT_CORNERS:
        return maybe(args, "align_corners") if args.given("align_corners") else False
    if args.given("align_corners") and args.bound["align_corners"] is not UNKNOWN:
        text = f"takes align_corners with an interpolating mode only, not with mode {mode!r}"
        refuse(ProblemKind.ARGUMENT, text, got=mode)
    return None


def _wants_antialias(args: Args, mode: str, axes: int) -> None:
    if "antialias" in args.bound and maybe(args, "antialias") and (mode not in _ANTIALIASED or axes != 2):
        refuse(ProblemKind.ARGUMENT, f"antialiases modes 'bilinear' and 'bicubic' in 2-D only, gets {mode!r}", got=mode)


def new_sizes(args: Args, sizes: Shape) -> tuple[Axes, Scale | None]:
    """The spatial sizes after, and the factor of each axis where it is whole or one over a whole number."""
    by_size, by_factor = args.given("size"), args.given("scale_factor")
    if (by_size and args.bound["size"] is UNKNOWN) or (by_factor and args.bound["scale_factor"] is UNKNOWN):
        return tuple(opaque(1) for _ in sizes), None
    if by_size == by_factor:
        refuse(ProblemKind.ARGUMENT, f"needs either size or scale_factor, gets {'both' if by_size else 'neither'}")
    recompute = "recompute_scale_factor" in args.bound and maybe(args, "recompute_scale_factor")
    if by_size:
        if recompute:
            refuse(ProblemKind.ARGUMENT, "cannot recompute a scale factor where size is given")
        output = args.axes("size", len(sizes))
        return output, _whole(tuple(map(_ratio, sizes, output)))
    factors = _factors(args, len(sizes))
    output = tuple(map(_scaled, sizes, factors))
    return output, _whole(tuple(_simple(factor) for factor in factors))


def _factors(args: Args, axes: int) -> tuple[float | None, ...]:
    """One factor for each axis; ``None`` where it is not known."""
    value = args["scale_factor"]
    items: tuple[Any, ...] = tuple(value) if isinstance(value, list | tuple) else (value,) * axes
    if len(items) != axes:
        text = f"needs {axes} scale factors, gets {len(items)}"
        refuse(ProblemKind.ARGUMENT, text, expected=axes, got=len(items))
    return tuple(_factor(item) for item in items)


def _factor(item: Any) -> float | None:
    if item is UNKNOWN or isinstance(item, Sym | TensorLike):
        return None
    if not isinstance(item, int | float) or item != item or abs(item) > 10**9:
        refuse(ProblemKind.ARGUMENT, f"needs a number for scale_factor, gets {item!r}", got=repr(item))
    return item


def _scaled(size: Dim, factor: float | None) -> Dim:
    """``floor(size * factor)`` in floating point, as torch has it."""
    if factor is None:
        return opaque(1)
    if isinstance(size, int) and abs(size) < 2**53:
        return math.floor(float(size) * factor)
    exact = Fraction(factor)
    return size * exact.numerator // exact.denominator if exact.denominator <= _EXACT else opaque(0)


def _simple(factor: float | None) -> tuple[int, int] | None:
    if not factor or factor <= 0:
        return None
    exact = Fraction(factor).limit_denominator(_EXACT)
    return (exact.numerator, exact.denominator) if 1 in (exact.numerator, exact.denominator) else None


def _ratio(size: Dim, output: Dim) -> tuple[int, int] | None:
    if size == output:
        return 1, 1
    for big, small, up in ((output, size, True), (size, output, False)):
        if isinstance(small, int) and small < 1:
            continue
        factor = big // small
        if isinstance(factor, int) and factor > 0 and factor * small == big:
            return (factor, 1) if up else (1, factor)
    return None


def _whole(scale: tuple[tuple[int, int] | None, ...]) -> Scale | None:
    known = tuple(factor for factor in scale if factor is not None)
    return known if len(known) == len(scale) else None


def _upsample(args: Args, **fixed: Any) -> Result:
    """The older names, which fix the mode."""
    return interpolate(Args(args.name, {**args.bound, **fixed}, args.training))


_HOME = "torch.nn.functional."

FUNCTIONS: tuple[FunctionSpec, ...] = (
    FunctionSpec(
        "interpolate",
        (_HOME + "interpolate",),
        Signature(
            "input, size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None, "
            "antialias=False"
        ),
        interpolate,
    ),
    FunctionSpec(
        "upsample",
        (_HOME + "upsample",),
        Signature("input, size=None, scale_factor=None, mode='nearest', align_corners=None"),
        interpolate,
    ),
    FunctionSpec(
        "upsample_nearest",
        (_HOME + "upsample_nearest",),
        Signature("input, size=None, scale_factor=None"),
        partial(_upsample, mode="nearest", align_corners=None),
    ),
    FunctionSpec(
        "upsample_bilinear",
        (_HOME + "upsample_bilinear",),
        Signature("input, size=None, scale_factor=None"),
        partial(_upsample, mode="bilinear", align_corners=True),
    ),
)
