"""Joining and splitting axes, for the layers ``Flatten`` and ``Unflatten``."""

from __future__ import annotations

from cnnlint.graph.dims import Dim, Shape, differ, less, product
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Reshape, ReshapeKind
from cnnlint.ops.reading import axis_of, like, named, shown
from cnnlint.ops.spec import Args, Result, refuse


def flatten(args: Args) -> Result:
    """Joins the axes ``start_dim`` to ``end_dim``."""
    tensor, shape = args.tensor("input"), args.shape("input")
    start, end = axis_of(args, "start_dim", len(shape)), axis_of(args, "end_dim", len(shape))
    if start > end:
        text = f"joins axes from {start} to {end}, which is backwards"
        refuse(ProblemKind.INDEX, text, expected=start, got=end)
    if not shape:
        return Result(like(tensor, (1,)), Reshape("flatten", ReshapeKind.FLATTEN, start=0, end=0))
    joined = (*shape[:start], product(shape[start : end + 1]), *shape[end + 1 :])
    return Result(like(tensor, joined), Reshape("flatten", ReshapeKind.FLATTEN, start=start, end=end))


def unflatten(args: Args) -> Result:
    """Splits the axis ``dim`` into ``unflattened_size``, of which one may be -1."""
    tensor, shape = args.tensor("input"), args.shape("input")
    if not shape:
        refuse(ProblemKind.RANK, "cannot split the axes of a scalar", expected=1, got=0)
    axis = axis_of(args, "dim", len(shape))
    wanted = args["unflattened_size"]
    if not isinstance(wanted, list | tuple) or not wanted:
        refuse(ProblemKind.ARGUMENT, f"needs a sequence of sizes, gets {wanted!r}", got=repr(wanted))
    sizes = Args(args.name, {"unflattened_size": wanted}).axes("unflattened_size", len(wanted))
    parts = split_axis(shape, axis, sizes)
    output = (*shape[:axis], *parts, *shape[axis + 1 :])
    return Result(like(tensor, output), Reshape("unflatten", ReshapeKind.VIEW, sizes=sizes))


def split_axis(shape: Shape, axis: int, sizes: Shape) -> Shape:
    """``sizes`` with -1 filled in; refuses sizes that do not multiply to the axis."""
    free = [place for place, size in enumerate(sizes) if size == -1]
    rest = product([size for size in sizes if size != -1])
    if len(free) > 1 or any(less(size, -1) for size in sizes):
        text = f"can leave one size open with -1, gets {shown(sizes)}"
        refuse(ProblemKind.ARGUMENT, text, got=sizes)
    fits: Dim = shape[axis]
    if free and not differ(rest, 0) and rest == 0:
        refuse(ProblemKind.RESHAPE, f"cannot tell the open size beside 0 in {shown(sizes)}", got=sizes)
    wrong = differ(fits % rest, 0) if free else differ(fits, rest)
    if wrong:
        text = f"splits an axis of {named(fits)} into {shown(sizes)}, which does not fit"
        refuse(ProblemKind.RESHAPE, text, expected=fits, got=sizes, axis=axis)
    return tuple(fits // rest if size == -1 else size for size in sizes)
