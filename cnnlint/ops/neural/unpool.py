"""Max unpooling and fractional max pooling."""

from __future__ import annotations

from functools import partial
from typing import Any

from cnnlint.graph.dims import Dim, Shape, Sym, differ, less, opaque
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Axes, Opaque, Pooling
from cnnlint.ops.neural.conv import LAYOUTS
from cnnlint.ops.neural.pooling import always_with_indices, stride_or, wants_content, with_indices
from cnnlint.ops.reading import like, named, per_axis, shown, wants_floating, wants_rank
from cnnlint.ops.spec import UNKNOWN, Args, FunctionSpec, Result, Signature, TensorLike, refuse


def max_unpool(args: Args, axes: int) -> Result:
    """Input and indices (N, C, *sizes) or (C, *sizes); by default sizes are those that the pool would shrink."""
    tensor, shape = args.tensor("input"), args.shape("input")
    wants_rank(shape, axes + 2, axes + 1, axes=f"{LAYOUTS[axes]} or without N")
    indices = args.shape("indices")
    if args.tensor("indices").dtype not in ("int64", None):
        got = args.tensor("indices").dtype
        refuse(ProblemKind.DTYPE, f"needs indices of type int64, gets {got}", expected="int64", got=got)
    if len(indices) != len(shape) or any(map(differ, indices, shape)):
        text = f"needs indices of the input's shape {shown(shape)}, gets {shown(indices)}"
        refuse(ProblemKind.BROADCAST, text, expected=shape, got=indices)
    kernel = per_axis(args, "kernel_size", axes, 1)
    stride, padding = stride_or(args, kernel), per_axis(args, "padding", axes)
    sizes = tuple(map(_unpooled, shape[-axes:], kernel, stride, padding))
    output = _requested(args, sizes, stride) if args.given("output_size") else sizes
    wants_content(shape)
    for axis, size in enumerate(output, len(shape) - axes):
        if less(size, 0):
            text = f"gives an output of size {named(size)} on axis {axis}"
            refuse(ProblemKind.OUTPUT_SIZE, text, expected=0, got=size, axis=axis)
    return Result(like(tensor, (*shape[:-axes], *output)), Opaque(args.name))


def _unpooled(size: Dim, kernel: Dim, stride: Dim, padding: Dim) -> Dim:
    """``(I - 1) S + K - 2 P`` (torch.nn.MaxUnpool2d)."""
    return (size - 1) * stride + kernel - 2 * padding


def _requested(args: Args, sizes: Shape, stride: Axes) -> Axes:
    value = args["output_size"]
    if not isinstance(value, list | tuple):
        refuse(ProblemKind.ARGUMENT, f"needs a sequence for output_size, gets {value!r}", got=repr(value))
    axes = len(sizes)
    wanted = value[2:] if len(value) == axes + 2 else value
    output = Args(args.name, {"output_size": wanted}).axes("output_size", axes)
    for size, plain, step in zip(output, sizes, stride, strict=True):
        if less(size, plain - step + 1) or less(plain + step - 1, size):
            text = f"can give sizes less than a stride from {shown(sizes)}, not {shown(output)}"
            refuse(ProblemKind.ARGUMENT, text, expected=sizes, got=output)
    return output


def fractional_max_pool(args: Args, axes: int) -> Result:
    """Input (N, C, *sizes) or (C, *sizes) to ``output_size``, or to ``output_ratio`` of the sizes."""
    tensor, shape = args.tensor("input"), args.shape("input")
    wants_rank(shape, axes + 2, axes + 1, axes=f"{LAYOUTS[axes]} or without N")
    kernel, sizes = per_axis(args, "kernel_size", axes, 1), shape[-axes:]
    output = per_axis(args, "output_size", axes, 1) if args.given("output_size") else _by_ratio(args, sizes)
    for axis, (size, out, extent) in enumerate(zip(sizes, output, kernel, strict=True), len(shape) - axes):
        # In 3-D torch asks for one position more than the windows cover.
        if less(size, out + extent - (1 if axes == 2 else 0)) or less(out, 0):
            text = f"cannot pool axis {axis} of size {named(size)} to {named(out)} with a window of {named(extent)}"
            refuse(ProblemKind.OUTPUT_SIZE, text, expected=out + extent - 1, got=size, axis=axis)
    wants_content(shape)
    wants_floating(tensor)
    stride = tuple(opaque(1) for _ in sizes)
    op = Pooling(args.name, "fractional", kernel, stride, (0,) * axes, (1,) * axes)
    return Result(with_indices(args, like(tensor, (*shape[:-axes], *output))), op)


def _by_ratio(args: Args, sizes: Shape) -> Axes:
    value = args.bound["output_ratio"]
    if value is UNKNOWN:
        return tuple(opaque() for _ in sizes)
    if not isinstance(value, list | tuple) or len(value) != len(sizes):
        text = f"needs an output_size, or {len(sizes)} output ratios, gets {value!r}"
        refuse(ProblemKind.ARGUMENT, text, got=repr(value))
    return tuple(map(_part, sizes, value))


def _part(size: Dim, ratio: Any) -> Dim:
    if ratio is UNKNOWN or isinstance(ratio, Sym | TensorLike):
        return opaque(0)
    if not isinstance(ratio, int | float) or not abs(ratio) <= 1:
        refuse(ProblemKind.ARGUMENT, f"needs output ratios up to 1, gets {ratio!r}", got=repr(ratio))
    return int(size * ratio) if isinstance(size, int) and abs(size) < 2**53 else opaque(0)


_HOME = "torch.nn.functional."
_FRACTIONAL = "input, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None"

FUNCTIONS: tuple[FunctionSpec, ...] = tuple(
    FunctionSpec(
        f"max_unpool{n}d",
        (f"{_HOME}max_unpool{n}d",),
        Signature("input, indices, kernel_size, stride=None, padding=0, output_size=None"),
        partial(max_unpool, axes=n),
    )
    for n in (1, 2, 3)
) + tuple(
    FunctionSpec(
        f"fractional_max_pool{n}d", (f"{_HOME}fractional_max_pool{n}d{suffix}",), Signature(_FRACTIONAL), entry
    )
    for n, plain in ((n, partial(fractional_max_pool, axes=n)) for n in (2, 3))
    for suffix, entry in (("", plain), ("_with_indices", partial(always_with_indices, entry=plain)))
)
