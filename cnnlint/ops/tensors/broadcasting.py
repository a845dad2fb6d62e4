"""Broadcasting: the shape of an element-wise operation on tensors of different shapes.

Rules: https://pytorch.org/docs/stable/notes/broadcasting.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

from cnnlint.graph.dims import Dim, Shape, differ, lower, opaque, same
from cnnlint.graph.model import ProblemKind
from cnnlint.ops.reading import shown
from cnnlint.ops.spec import Result, refuse


def conflict(left: Dim, right: Dim) -> bool:
    """Whether two sizes on one axis certainly do not broadcast."""
    if left is right or left == right:
        return False
    return differ(left, right) and differ(left, 1) and differ(right, 1)


def joined(left: Dim, right: Dim) -> Dim:
    """The size that comes out where the two meet."""
    if same(left, right) or (isinstance(right, int) and right == 1):
        return left
    if isinstance(left, int) and left == 1:
        return right
    if isinstance(left, int) or isinstance(right, int):
        return left if isinstance(left, int) else right
    if lower(left) > 1:
        return left
    return right if lower(right) > 1 else opaque()


def clash(left: Shape, right: Shape) -> int | None:
    """The first axis of the result, from the front, on which two shapes do not broadcast."""
    rank = max(len(left), len(right))
    for axis, pair in enumerate(zip(_padded(left, rank), _padded(right, rank), strict=True)):
        if conflict(*pair):
            return axis
    return None


def broadcast(*shapes: Shape) -> Shape:
    """The common shape, taking every pair for compatible."""
    rank = max(map(len, shapes))
    columns = zip(*(_padded(shape, rank) for shape in shapes), strict=True)
    return tuple(reduce(joined, column) for column in columns)


def wants_broadcast(shapes: Sequence[Shape], result: Callable[[], Result] | None = None) -> Shape:
    """The common shape; refuses where there is none. ``result`` says what would come out otherwise."""
    common = shapes[0]
    for shape in shapes[1:]:
        if shape == common:
            continue
        axis = clash(common, shape)
        if axis is not None:
            rank = max(len(common), len(shape))
            refuse(
                ProblemKind.BROADCAST,
                f"gets shapes {shown(common)} and {shown(shape)}, which do not broadcast on axis {axis}",
                expected=_padded(common, rank)[axis],
                got=_padded(shape, rank)[axis],
                axis=axis,
                result=result() if result else None,
            )
        common = broadcast(common, shape)
    return common


def wants_expandable(shape: Shape, target: Shape, what: str) -> None:
    """Refuse a tensor that cannot be broadcast to ``target`` as it stands."""
    surplus = len(shape) - len(target)
    if surplus > 0 or any(
        differ(size, wanted) and differ(size, 1)
        for size, wanted in zip(shape, target[len(target) - len(shape) :], strict=True)
    ):
        refuse(
            ProblemKind.BROADCAST,
            f"cannot fit {what} of shape {shown(shape)} into shape {shown(target)}",
            expected=target,
            got=shape,
        )


def _padded(shape: Shape, rank: int) -> Shape:
    return (1,) * (rank - len(shape)) + shape
