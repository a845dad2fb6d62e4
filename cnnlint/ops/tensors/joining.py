"""Tensors joined: ``cat``, ``stack`` and kin."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import prod

from cnnlint.graph.dims import Dim, Shape, differ
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Merge, MergeKind
from cnnlint.ops.reading import axis_of, shown
from cnnlint.ops.spec import Args, FunctionSpec, Result, TensorLike, TensorSpec, refuse
from cnnlint.ops.tensors.define import function
from cnnlint.ops.tensors.dtypes import result_type
from cnnlint.ops.tensors.reshaping import at_least
from cnnlint.ops.tensors.sizes import tensors_from
from cnnlint.ops.tensors.values import LIMIT, Values, cast, elements


def concatenated(name: str, tensors: Sequence[TensorLike], axis: int) -> Result:
    """``tensors`` of one rank joined along ``axis``; torch lets an empty tensor of shape ``(0,)`` pass."""
    op, dtype = Merge(name, MergeKind.CONCATENATE, axis), result_type(tensors)
    joined = [tensor for tensor in tensors if tensor.shape != (0,)] or list(tensors[:1])
    shapes = [tensor.shape or () for tensor in joined]
    target = _joined(shapes, axis)
    _wants_alike(shapes, axis, Result(TensorSpec(target, dtype), op))
    return Result(TensorSpec(target, dtype, cast(_values(joined, axis), dtype)), op)


def _joined(shapes: Sequence[Shape], axis: int) -> Shape:
    total: Dim = 0
    for shape in shapes:
        total = total + (shape[axis] if axis < len(shape) else 0)
    sizes = [reduce(_either, column) for column in zip(*shapes, strict=False)]
    return (*sizes[:axis], total, *sizes[axis + 1 :])


def _either(left: Dim, right: Dim) -> Dim:
    """Of two sizes that must be equal, the one that is known."""
    return right if isinstance(right, int) and not isinstance(left, int) else left


def _wants_alike(shapes: Sequence[Shape], axis: int, result: Result) -> None:
    first = shapes[0]
    for at, shape in enumerate(shapes):
        if len(shape) != len(first):
            refuse(
                ProblemKind.RANK,
                f"joins shapes {shown(first)} and {shown(shape)}, which have different numbers of axes",
                expected=len(first),
                got=len(shape),
            )
        off = [other for other in range(len(first)) if other != axis and differ(first[other], shape[other])]
        if off:
            refuse(
                ProblemKind.CONCATENATE,
                f"joins shapes {shown(first)} and {shown(shape)} along axis {axis}, "
                f"but tensor {at} differs on axis {off[0]}",
                expected=first[off[0]],
                got=shape[off[0]],
                axis=off[0],
                result=result,
            )


def _values(tensors: Sequence[TensorLike], axis: int) -> Values:
    known = [found for tensor in tensors if (found := elements(tensor)) is not None]
    if len(known) < len(tensors) or sum(len(values) for _, values in known) > LIMIT:
        return None
    outer = prod(known[0][0][:axis])
    blocks = [len(values) // max(outer, 1) for _, values in known]
    return tuple(
        value
        for index in range(outer)
        for (_, values), block in zip(known, blocks, strict=True)
        for value in values[index * block : (index + 1) * block]
    )


def _cat(args: Args) -> Result:
    tensors = tensors_from(args, "tensors")
    for at, tensor in enumerate(tensors):
        if tensor.shape == ():
            refuse(ProblemKind.RANK, f"cannot join tensor {at}, which has no axes", expected=1, got=0)
    ranks = [len(tensor.shape or ()) for tensor in tensors if tensor.shape != (0,)]
    return concatenated("cat", tensors, axis_of(args, "dim", ranks[0]) if ranks else 0)


def _stack(args: Args) -> Result:
    tensors = tensors_from(args, "tensors")
    axis = axis_of(args, "dim", len(tensors[0].shape or ()) + 1)
    return stacked("stack", tensors, axis)


def stacked(name: str, tensors: Sequence[TensorLike], axis: int) -> Result:
    """``tensors`` of one shape joined along a new axis."""
    first = tensors[0].shape or ()
    for at, tensor in enumerate(tensors):
        shape = tensor.shape or ()
        if len(shape) != len(first) or any(map(differ, first, shape)):
            guess = TensorSpec((*first[:axis], len(tensors), *first[axis:]), result_type(tensors))
            refuse(
                ProblemKind.CONCATENATE,
                f"stacks shapes {shown(first)} and {shown(shape)} (tensor {at}), which differ",
                expected=first,
                got=shape,
                result=Result(guess, Merge(name, MergeKind.CONCATENATE, axis)),
            )
    return concatenated(name, [_with_axis(tensor, axis) for tensor in tensors], axis)


def _with_axis(tensor: TensorLike, axis: int) -> TensorSpec:
    shape = tensor.shape or ()
    return TensorSpec((*shape[:axis], 1, *shape[axis:]), tensor.dtype, tensor.values)


def _side_by_side(name: str, rank: int, axis: int) -> FunctionSpec:
    """``hstack``, ``vstack``, ``dstack``: tensors brought to a least rank, then joined."""

    def entry(args: Args) -> Result:
        tensors = [at_least(tensor, rank) for tensor in tensors_from(args, "tensors")]
        highest = max(len(tensor.shape or ()) for tensor in tensors)
        return concatenated(name, tensors, axis if highest > 1 else 0)

    aliases = {"vstack": ("row_stack",)}.get(name, ())
    return function(name, "tensors, *, out=None", entry, *aliases)


FUNCTIONS: tuple[FunctionSpec, ...] = (
    function("cat", "tensors, dim=0, *, out=None", _cat, "concat", "concatenate"),
    function("stack", "tensors, dim=0, *, out=None", _stack),
    _side_by_side("hstack", 1, 1),
    _side_by_side("vstack", 2, 0),
    _side_by_side("dstack", 3, 2),
)
