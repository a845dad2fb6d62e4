"""Elements picked or placed by index tensors: ``gather``, ``scatter``, ``index_select``, ``masked_select``."""

from __future__ import annotations

from cnnlint.graph.dims import Dim, Shape, differ, less, opaque, product
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Elementwise, Sample, Slice
from cnnlint.ops.reading import axis_of, shown
from cnnlint.ops.spec import Args, Entry, FunctionSpec, Result, TensorLike, TensorSpec, refuse
from cnnlint.ops.tensors.broadcasting import wants_broadcast, wants_expandable
from cnnlint.ops.tensors.define import both, in_place
from cnnlint.ops.tensors.indexing import indexed, wants_position
from cnnlint.ops.tensors.operands import operand
from cnnlint.ops.tensors.values import expand, taken


def _wants_integers(tensor: TensorLike, *allowed: str) -> None:
    if tensor.dtype is not None and tensor.dtype not in allowed:
        refuse(ProblemKind.DTYPE, f"needs an index of {allowed[0]}, gets {tensor.dtype}", expected=allowed[0],
               got=tensor.dtype)  # fmt: skip


def _wants_rank_of(tensor: TensorLike, other: TensorLike, what: str) -> None:
    left, right = max(len(tensor.shape or ()), 1), max(len(other.shape or ()), 1)
    if left != right:
        refuse(
            ProblemKind.RANK,
            f"gets shape {shown(tensor.shape or ())} and {what} {shown(other.shape or ())} with another number of axes",
            expected=left,
            got=right,
        )


def _wants_within(index: Shape, shape: Shape, axis: int | None, what: str) -> None:
    for at, (size, limit) in enumerate(zip(index, shape, strict=False)):
        if at != axis and less(limit, size):
            refuse(
                ProblemKind.INDEX,
                f"has an index of shape {shown(index)}, larger than {what} {shown(shape)} on axis {at}",
                expected=limit,
                got=size,
                axis=at,
            )


def _check_positions(index: TensorLike, size: Dim, axis: int, signed: bool = False) -> None:
    for value in {min(index.values), max(index.values)} if index.values else ():
        if not signed and isinstance(value, int) and value < 0:
            refuse(ProblemKind.INDEX, f"has the negative index {value}", got=value, axis=axis)
        wants_position(value, size, axis)


def _gather(args: Args) -> Result:
    tensor, index = args.tensor("input"), args.tensor("index")
    shape, picked = tensor.shape or (), index.shape or ()
    axis = axis_of(args, "dim", len(shape))
    _wants_integers(index, "int64", "int32")
    if differ(product(picked), 0):
        _wants_rank_of(tensor, index, "index")
        _wants_within(picked, shape, axis, "the input")
        _check_positions(index, shape[axis] if shape else 1, axis)
    return Result(TensorSpec(picked, tensor.dtype), Sample("gather"))


def _take_along(args: Args) -> Result:
    tensor, index = args.tensor("input"), args.tensor("indices")
    _wants_integers(index, "int64", "int32")
    if args.bound["dim"] is None:
        return Result(TensorSpec((product(index.shape or ()),), tensor.dtype), Sample("take_along_dim"))
    shape, picked = tensor.shape or (), index.shape or ()
    axis = axis_of(args, "dim", len(shape))
    if not shape:
        refuse(ProblemKind.INDEX, "takes along an axis of a tensor without axes", expected=0, got=axis)
    if len(shape) != len(picked):
        text = f"gets indices of shape {shown(picked)} for shape {shown(shape)}"
        refuse(ProblemKind.RANK, text, expected=len(shape), got=len(picked))
    wants_broadcast([shape[:axis] + shape[axis + 1 :], picked[:axis] + picked[axis + 1 :]])
    rest = [_other(size, wanted) for size, wanted in zip(shape, picked, strict=True)]
    target = (*rest[:axis], *picked[axis : axis + 1], *rest[axis + 1 :])
    return Result(TensorSpec(target, tensor.dtype), Sample("take_along_dim"))


def _other(left: Dim, right: Dim) -> Dim:
    return right if isinstance(left, int) and left == 1 else left


def _take(args: Args) -> Result:
    tensor, index = args.tensor("input"), args.tensor("index")
    _wants_integers(index, "int64")
    _check_positions(index, product(tensor.shape or ()), 0, signed=True)
    return Result(TensorSpec(index.shape, tensor.dtype), Sample("take"))


def _scatter(name: str) -> Entry:
    """``scatter`` and its relatives keep the shape of their first tensor."""

    def entry(args: Args) -> Result:
        tensor, index = args.tensor("input"), args.tensor("index")
        key = "src" if args.given("src") or "value" not in args.bound else "value"
        source = operand(args, key)
        shape, placed = tensor.shape or (), index.shape or ()
        axis = axis_of(args, "dim", len(shape))
        _wants_integers(index, "int64", "int32")
        if differ(product(placed), 0):
            _wants_rank_of(tensor, index, "index")
            _wants_within(placed, shape, axis, "the input")
            _check_positions(index, shape[axis] if shape else 1, axis)
            if isinstance(source, TensorLike) and (source.shape or key == "src"):
                _wants_rank_of(tensor, source, "src")
                _wants_within(placed, source.shape or (1,), None, "the source")
        return Result(TensorSpec(shape, tensor.dtype), Sample(name))

    return entry


def _index_select(args: Args) -> Result:
    tensor, index = args.tensor("input"), args.tensor("index")
    shape, picked = tensor.shape or (), index.shape or ()
    axis = axis_of(args, "dim", len(shape))
    _wants_integers(index, "int64", "int32")
    if len(picked) > 1:
        refuse(ProblemKind.RANK, f"needs an index with one axis, gets {shown(picked)}", expected=1, got=len(picked))
    size: Dim = picked[0] if picked else 1
    if not shape and differ(size, 1):
        refuse(ProblemKind.INDEX, "selects other than one position of a tensor without axes", expected=1, got=size)
    _check_positions(index, shape[axis] if shape else 1, axis)
    values = taken(tensor, axis, index.values) if index.values is not None and shape else None
    target = (*shape[:axis], size, *shape[axis + 1 :]) if shape else ()
    return Result(TensorSpec(target, tensor.dtype, values), Slice("index_select"))


def _masked_select(args: Args) -> Result:
    tensor, mask = args.tensor("input"), args.tensor("mask")
    if mask.dtype not in (None, "bool"):
        refuse(ProblemKind.DTYPE, f"needs a bool mask, gets {mask.dtype}", expected="bool", got=mask.dtype)
    wants_broadcast([tensor.shape or (), mask.shape or ()])
    return Result(TensorSpec((opaque(),), tensor.dtype), Slice("masked_select"))


def _placed(name: str) -> Entry:
    """``index_add``, ``index_copy`` and ``index_fill`` keep the shape of their first tensor."""

    def entry(args: Args) -> Result:
        tensor, index = args.tensor("input"), args.tensor("index")
        shape = tensor.shape or ()
        axis = axis_of(args, "dim", len(shape))
        _wants_integers(index, "int64", "int32")
        if len(index.shape or ()) > 1:
            refuse(ProblemKind.RANK, f"needs an index with one axis, gets {shown(index.shape or ())}", expected=1)
        if differ(product(shape[:axis] + shape[axis + 1 :]), 0):
            _check_positions(index, shape[axis] if shape else 1, axis, signed=name == "index_fill")
        if "source" in args.bound:
            _wants_source(args.tensor("source"), shape, axis, index)
        return Result(TensorSpec(shape, tensor.dtype), Elementwise(name))

    return entry


def _wants_source(source: TensorLike, shape: Shape, axis: int, index: TensorLike) -> None:
    given = source.shape or ()
    expected = (*shape[:axis], *(index.shape or (1,)), *shape[axis + 1 :])
    if not given and differ(product(index.shape or ()), 1):
        refuse(ProblemKind.RANK, "has a source without axes for other than one position", expected=len(shape), got=0)
    if given and shape and (len(given) != len(expected) or any(map(differ, given, expected))):
        refuse(
            ProblemKind.BROADCAST,
            f"needs a source of shape {shown(expected)}, gets {shown(given)}",
            expected=expected,
            got=given,
        )


def _index_put(args: Args) -> Result:
    tensor = args.tensor("input")
    place = indexed(tensor, tuple(args["indices"]) if isinstance(args["indices"], list | tuple) else args["indices"])
    value = operand(args, "values", False)
    wants_expandable(value.shape or (), place.shape or (), "values")
    return Result(TensorSpec(tensor.shape, tensor.dtype), Elementwise("index_put"))


def _masked_scatter(args: Args) -> Result:
    tensor = args.tensor("input")
    mask, source = args.tensor("mask"), args.shape("source")
    shape = wants_broadcast([tensor.shape or (), mask.shape or ()])
    chosen = expand(mask, shape)
    if chosen is not None and less(product(source), sum(map(bool, chosen))):
        refuse(ProblemKind.ARGUMENT, f"has fewer elements in {shown(source)} than places in its mask", got=source)
    return Result(TensorSpec(shape, tensor.dtype), Elementwise("masked_scatter"))


_WRITING = (
    both("scatter", "input, dim, index, src=None, *, value=None, reduce=None, out=None", _scatter("scatter")),
    both("scatter_add", "input, dim, index, src, *, out=None", _scatter("scatter_add")),
    both("scatter_reduce", "input, dim, index, src, reduce, *, include_self=True", _scatter("scatter_reduce")),
    both("index_add", "input, dim, index, source, *, alpha=1, out=None", _placed("index_add")),
    both("index_copy", "input, dim, index, source, *, out=None", _placed("index_copy")),
    both("index_fill", "input, dim, index, value", _placed("index_fill")),
    both("index_put", "input, indices, values, accumulate=False", _index_put),
    both("masked_scatter", "input, mask, source", _masked_scatter),
)

FUNCTIONS: tuple[FunctionSpec, ...] = (
    both("gather", "input, dim, index, *, sparse_grad=False, out=None", _gather),
    both("take_along_dim", "input, indices, dim=None, *, out=None", _take_along),
    both("take", "input, index, *, out=None", _take),
    both("index_select", "input, dim, index, *, out=None", _index_select),
    both("masked_select", "input, mask, *, out=None", _masked_select),
    *_WRITING,
    *map(in_place, _WRITING),
)
