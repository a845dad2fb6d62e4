"""The same elements under another shape: ``view``, ``reshape``, ``flatten``, ``squeeze``, ``expand`` and kin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cnnlint.graph.dims import Dim, Shape, differ, less, lower, opaque, product, same
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Reshape, ReshapeKind
from cnnlint.ops.reading import axis_of, count, shown
from cnnlint.ops.spec import Args, Entry, FunctionSpec, Result, TensorLike, TensorSpec, Unclear, refuse
from cnnlint.ops.tensors.define import both, function, method, renamed_in_place
from cnnlint.ops.tensors.dtypes import ITEM_SIZE, dtype_named
from cnnlint.ops.tensors.sizes import axes_of, listed_sizes, sizes_from
from cnnlint.ops.tensors.values import expand


def reshaped(name: str, tensor: TensorLike, sizes: Shape) -> Result:
    """``tensor`` under the sizes as written, one of which may be -1."""
    source = tensor.shape or ()
    hoped = tuple(opaque() if isinstance(size, int) and size == -1 else size for size in sizes)
    guess = Result(TensorSpec(hoped, tensor.dtype), Reshape(name, ReshapeKind.VIEW, sizes=sizes))
    target = _filled_in(source, sizes, guess)
    return Result(TensorSpec(target, tensor.dtype, tensor.values), _operation(name, source, target, sizes))


def _filled_in(source: Shape, sizes: Shape, guess: Result | None = None) -> Shape:
    open_axes = [axis for axis, size in enumerate(sizes) if isinstance(size, int) and size == -1]
    if len(open_axes) > 1:
        refuse(ProblemKind.RESHAPE, f"leaves more than one size open in {shown(sizes)}", got=sizes)
    if any(less(size, -1) for size in sizes):
        refuse(ProblemKind.RESHAPE, f"cannot have a negative size: {shown(sizes)}", got=sizes)
    total = product(source)
    if not open_axes:
        if differ(total, product(sizes)):
            _refuse_elements(source, sizes, total, product(sizes), guess)
        return sizes
    axis = open_axes[0]
    rest = product(sizes[:axis] + sizes[axis + 1 :])
    return (*sizes[:axis], _open_size(source, sizes, total, rest, guess), *sizes[axis + 1 :])


def _open_size(source: Shape, sizes: Shape, total: Dim, rest: Dim, guess: Result | None) -> Dim:
    if isinstance(rest, int) and rest == 0:
        if isinstance(total, int) and total == 0:
            refuse(ProblemKind.RESHAPE, f"leaves a size open that could be anything: {shown(sizes)}", got=sizes)
        if lower(total) > 0:
            _refuse_elements(source, sizes, total, rest, guess)
        return opaque()
    size = total // rest
    left_over = total - size * rest
    if differ(left_over, 0):
        _refuse_elements(source, sizes, total, rest, guess)
    return size if same(left_over, 0) else opaque()


def _refuse_elements(source: Shape, sizes: Shape, total: Dim, wanted: Dim, guess: Result | None) -> None:
    refuse(
        ProblemKind.RESHAPE,
        f"cannot give {count(total, 'element')} of shape {shown(source)} the shape {shown(sizes)}",
        expected=wanted,
        got=total,
        result=guess,
    )


def _operation(name: str, source: Shape, target: Shape, sizes: Shape) -> Reshape:
    joined = _joined_axes(source, target)
    if joined is None:
        return Reshape(name, ReshapeKind.VIEW, sizes=sizes)
    return Reshape(name, ReshapeKind.FLATTEN, start=joined[0], end=joined[1], sizes=sizes)


def _joined_axes(source: Shape, target: Shape) -> tuple[int, int] | None:
    """The first and last axis that became one, if joining neighbours is all that happened."""
    span = len(source) - len(target) + 1
    if span < 2 or not target:
        return None
    alike = 0
    while alike < len(target) - 1 and same(source[alike], target[alike]):
        alike += 1
    for start in range(alike, -1, -1):
        stop = start + span
        if source[stop:] == target[start + 1 :] and same(product(source[start:stop]), target[start]):
            return start, stop - 1
    return None


def _view(args: Args) -> Result:
    tensor, given = args.tensor("input"), args["size"]
    dtype = dtype_named(given[0] if len(given) == 1 else args.bound["dtype"])
    if dtype is not None:
        return _reinterpreted(tensor, dtype)
    return reshaped("view", tensor, listed_sizes(args, "size"))


def _reinterpreted(tensor: TensorLike, dtype: str) -> Result:
    shape = tensor.shape or ()
    old, new = ITEM_SIZE.get(tensor.dtype or ""), ITEM_SIZE.get(dtype)
    if shape and old and new:
        last = shape[-1] * old // new
        shape = (*shape[:-1], last)
    elif shape and tensor.dtype != dtype:
        shape = (*shape[:-1], opaque())
    return Result(TensorSpec(shape, dtype), Reshape("view", ReshapeKind.VIEW))


def _as(name: str) -> Entry:
    def entry(args: Args) -> Result:
        return reshaped(name, args.tensor("input"), args.shape("other"))

    return entry


def _reshape(read: Callable[[Args, str], Shape]) -> Entry:
    return lambda args: reshaped("reshape", args.tensor("input"), read(args, "shape"))


def _flatten(args: Args) -> Result:
    tensor = args.tensor("input")
    shape = tensor.shape or ()
    start, end = axis_of(args, "start_dim", len(shape)), axis_of(args, "end_dim", len(shape))
    if start > end:
        refuse(ProblemKind.INDEX, f"has start_dim {start} behind end_dim {end}", got=start)
    flat = (*shape[:start], product(shape[start : end + 1]), *shape[end + 1 :])
    op = Reshape("flatten", ReshapeKind.FLATTEN, start=start, end=end)
    return Result(TensorSpec(flat, tensor.dtype, tensor.values), op)


def _unflatten(args: Args) -> Result:
    tensor = args.tensor("input")
    shape = tensor.shape or ()
    if not shape:
        refuse(ProblemKind.INDEX, "cannot unflatten a tensor without axes", expected=1, got=0)
    axis, sizes = axis_of(args, "dim", len(shape)), sizes_from(args, "sizes")
    if not sizes:
        refuse(ProblemKind.ARGUMENT, "needs sizes, gets none")
    parts = _filled_in((shape[axis],), sizes)
    target = (*shape[:axis], *parts, *shape[axis + 1 :])
    return Result(TensorSpec(target, tensor.dtype, tensor.values), Reshape("unflatten", ReshapeKind.VIEW, sizes=sizes))


def _squeeze(args: Args) -> Result:
    tensor = args.tensor("input")
    shape = tensor.shape or ()
    named = None if args.bound["dim"] is None else axes_of(args, "dim", len(shape))
    axes = range(len(shape)) if named is None else named
    open_axes = [axis for axis, size in enumerate(shape) if axis in axes and not same(size, 1) and not differ(size, 1)]
    if open_axes:
        raise Unclear(f"{args.name}: whether axis {open_axes[0]} has size 1 is not known")
    kept = tuple(size for axis, size in enumerate(shape) if axis not in axes or not same(size, 1))
    return Result(TensorSpec(kept, tensor.dtype, tensor.values), Reshape("squeeze", ReshapeKind.SQUEEZE, axes=named))


def _unsqueeze(args: Args) -> Result:
    tensor = args.tensor("input")
    shape = tensor.shape or ()
    axis = axis_of(args, "dim", len(shape) + 1)
    target = (*shape[:axis], 1, *shape[axis:])
    return Result(TensorSpec(target, tensor.dtype, tensor.values), Reshape("unsqueeze", ReshapeKind.SQUEEZE))


def expanded(name: str, tensor: TensorLike, sizes: Shape) -> Result:
    """``tensor`` repeated without copies to ``sizes``, where -1 keeps a size."""
    source = tensor.shape or ()
    if len(sizes) < len(source):
        refuse(
            ProblemKind.RANK,
            f"cannot expand {shown(source)} to the fewer axes of {shown(sizes)}",
            expected=len(source),
            got=len(sizes),
        )
    offset = len(sizes) - len(source)
    target = tuple(_expanded_size(source, sizes, axis, offset) for axis in range(len(sizes)))
    op = Reshape(name, ReshapeKind.EXPAND, sizes=sizes)
    return Result(TensorSpec(target, tensor.dtype, expand(tensor, target)), op)


def _expanded_size(source: Shape, sizes: Shape, axis: int, offset: int) -> Dim:
    wanted = sizes[axis]
    old = source[axis - offset] if axis >= offset else None
    if isinstance(wanted, int) and wanted == -1 and old is not None:
        return old
    if less(wanted, 0) or (old is not None and differ(old, wanted) and differ(old, 1)):
        refuse(
            ProblemKind.BROADCAST,
            f"cannot expand {shown(source)} to {shown(sizes)} on axis {axis}",
            expected=old,
            got=wanted,
            axis=axis,
        )
    return wanted


def _expand(read: Callable[[Args, str], Shape]) -> Entry:
    return lambda args: expanded(args.name, args.tensor("input"), read(args, "size"))


def _expand_as(args: Args) -> Result:
    return expanded("expand_as", args.tensor("input"), args.shape("other"))


def _atleast(rank: int) -> Entry:
    def entry(args: Args) -> Result:
        tensors: Sequence[Any] = args["tensors"]
        given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], list | tuple) else tensors
        specs = tuple(at_least(Args(args.name, {"input": item}).tensor("input"), rank) for item in given)
        return Result(specs[0] if len(specs) == 1 and given is tensors else specs, Reshape(args.name, ReshapeKind.VIEW))

    return entry


def at_least(tensor: TensorLike, rank: int) -> TensorSpec:
    shape = tensor.shape or ()
    missing = rank - len(shape)
    if missing > 0:
        shape = {(3, 1): (1, *shape, 1), (3, 2): (*shape, 1)}.get((rank, len(shape)), (1,) * missing + shape)
    return TensorSpec(shape, tensor.dtype, tensor.values)


_SQUEEZE = both("squeeze", "input, dim=None", _squeeze)
_UNSQUEEZE = both("unsqueeze", "input, dim", _unsqueeze)

FUNCTIONS: tuple[FunctionSpec, ...] = (
    method("view", "input, *size, dtype=None", _view),
    method("view_as", "input, other", _as("view_as")),
    method("reshape", "input, *shape", _reshape(listed_sizes)),
    function("reshape", "input, shape", _reshape(sizes_from)),
    method("reshape_as", "input, other", _as("reshape_as")),
    both("flatten", "input, start_dim=0, end_dim=-1", _flatten),
    both("ravel", "input", lambda args: reshaped("ravel", args.tensor("input"), (-1,))),
    both("unflatten", "input, dim, sizes", _unflatten),
    _SQUEEZE,
    renamed_in_place(_SQUEEZE),
    _UNSQUEEZE,
    renamed_in_place(_UNSQUEEZE),
    method("expand", "input, *size, implicit=False", _expand(listed_sizes)),
    method("expand_as", "input, other", _expand_as),
    both("broadcast_to", "input, size", _expand(sizes_from)),
    *(function(f"atleast_{rank}d", "*tensors", _atleast(rank)) for rank in (1, 2, 3)),
)
