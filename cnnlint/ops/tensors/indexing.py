"""Indexing with square brackets: integers, slices, ``None``, ``...``, masks and integer tensors in any mixture.

As torch does it: integers, slices, ``None`` and ``...`` are carried out first, from the left; what index tensors then
stand next to each other is replaced by their common shape, otherwise that shape comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import EllipsisType
from typing import Any

from cnnlint.graph.dims import Dim, Shape, Sym, differ, less, opaque
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Elementwise, Slice
from cnnlint.ops.reading import count, shown
from cnnlint.ops.spec import UNKNOWN, Args, FunctionSpec, Result, TensorLike, TensorSpec, Unclear, refuse
from cnnlint.ops.tensors.broadcasting import wants_broadcast, wants_expandable
from cnnlint.ops.tensors.define import operator
from cnnlint.ops.tensors.operands import operand
from cnnlint.ops.tensors.sizes import text_of
from cnnlint.ops.tensors.slicing import sliced
from cnnlint.ops.tensors.values import Values, elements, taken


def wants_position(index: Dim, size: Dim, axis: int) -> None:
    """Refuse a position that certainly does not exist on an axis of ``size``."""
    if (not less(index, size) and less(size - 1, index)) or less(index, -size):
        refuse(
            ProblemKind.INDEX,
            f"takes position {text_of(index)} of axis {axis}, which has {count(size, 'position')}",
            expected=size,
            got=index,
            axis=axis,
        )


@dataclass(slots=True)
class _Cursor:
    """An indexing under way: sizes of the axes made so far, and which of them index tensors replace.

    ``current`` is the input with every simple index carried out that was met so far; ``axis`` the next axis of it."""

    current: TensorLike
    axis: int = 0
    tensors: dict[int, TensorLike] = field(default_factory=dict)

    @property
    def shape(self) -> Shape:
        return self.current.shape or ()

    def replace(self, sizes: Shape, values: Values) -> None:
        """Put ``sizes`` in the place of the next axis."""
        shape = self.shape
        self.current = TensorSpec((*shape[: self.axis], *sizes, *shape[self.axis + 1 :]), self.current.dtype, values)

    def insert(self) -> None:
        shape = self.shape
        self.current = TensorSpec(
            (*shape[: self.axis], 1, *shape[self.axis :]), self.current.dtype, self.current.values
        )


def indexed(tensor: TensorLike, index: Any) -> TensorSpec:
    """``tensor[index]``."""
    items = [_item(item) for item in _as_items(index)]
    cursor = _Cursor(tensor)
    used = sum(map(_consumed, items))
    rank = len(cursor.shape)
    if used > rank:
        refuse(
            ProblemKind.INDEX,
            f"indexes {used} axes of a tensor with {count(rank, 'axis')}: {shown(cursor.shape)}",
            expected=rank,
            got=used,
        )
    for item in items:
        _step(cursor, item, rank - used)
    return _gathered(cursor)


def _as_items(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def _item(item: Any) -> Any:
    """An index in one of few forms: integer, size, bool, slice, ``None``, ``...`` or tensor."""
    if item is UNKNOWN:
        raise Unclear("the index is not known")
    if isinstance(item, TensorLike):
        return _tensor_item(item)
    if isinstance(item, list | tuple | range):
        return _listed(item)
    if item is None or isinstance(item, bool | int | Sym | slice | EllipsisType):
        return item
    if isinstance(item, float | str | bytes | complex | dict | set):
        refuse(ProblemKind.INDEX, f"cannot be indexed with {item!r}", got=repr(item))
    raise Unclear("the index is not known")


def _tensor_item(item: TensorLike) -> Any:
    if item.shape is None or item.dtype is None:
        raise Unclear("the index is not known")
    if item.dtype not in ("int64", "int32", "uint8", "bool", "int8", "int16"):
        refuse(ProblemKind.INDEX, f"cannot be indexed with a tensor of {item.dtype}", expected="int64", got=item.dtype)
    if item.dtype in ("int8", "int16"):
        refuse(ProblemKind.INDEX, f"cannot be indexed with a tensor of {item.dtype}", expected="int64", got=item.dtype)
    if item.shape == () and item.dtype not in ("bool", "uint8"):
        return item.values[0] if item.values else opaque(-(10**9))
    return item


def _listed(item: Sequence[Any]) -> TensorSpec:
    """A list of integers or bools, nested or not, as the tensor that torch makes of it."""
    shape: list[int] = []
    level = list(item)
    while True:
        shape.append(len(level) if not shape else len(level) // max(_product(shape), 1))
        lists = [isinstance(part, list | tuple | range) for part in level]
        if not any(lists):
            break
        lengths = {len(part) for part in level if isinstance(part, list | tuple | range)}
        if not all(lists) or len(lengths) > 1 or len(shape) > 8 or sum(map(len, level)) > 10**6:
            refuse(ProblemKind.INDEX, "cannot be indexed with a ragged list")
        level = [inner for part in level for inner in part]
    return _from_numbers(tuple(shape), level)


def _product(sizes: Sequence[int]) -> int:
    total = 1
    for size in sizes:
        total *= size
    return total


def _from_numbers(shape: tuple[int, ...], numbers: list[Any]) -> TensorSpec:
    if any(part is UNKNOWN for part in numbers):
        raise Unclear("the index is not known")
    if any(isinstance(part, float | str | None | slice | EllipsisType | complex) for part in numbers):
        refuse(ProblemKind.INDEX, "cannot be indexed with a list that holds no integers")
    if any(isinstance(part, TensorLike) for part in numbers):
        return TensorSpec(shape, "int64")
    bools = bool(numbers) and all(isinstance(part, bool) for part in numbers)
    known = None if any(isinstance(part, Sym) for part in numbers) else tuple(numbers)
    return TensorSpec(shape, "bool" if bools else "int64", known)


def _consumed(item: Any) -> int:
    """How many axes of the input an index speaks of."""
    if item is None or item is Ellipsis or isinstance(item, bool):
        return 0
    if isinstance(item, TensorLike):
        return len(item.shape or ()) if item.dtype in ("bool", "uint8") else 1
    return 1


def _step(cursor: _Cursor, item: Any, rest: int) -> None:
    match item:
        case None:
            cursor.insert()
            cursor.axis += 1
        case EllipsisType():
            cursor.axis += rest
        case bool():
            cursor.insert()
            _mask(cursor, TensorSpec((1,), "bool", (item,)))
        case slice():
            size, values = sliced(cursor.current, cursor.axis, item)
            cursor.replace((size,), values)
            cursor.axis += 1
        case int() | Sym():
            _pick(cursor, item)
        case _ if item.dtype in ("bool", "uint8"):
            if item.shape == ():
                cursor.insert()
                item = TensorSpec((1,), "bool", item.values)
            _mask(cursor, item)
        case _:
            if all(differ(size, 0) for axis, size in enumerate(cursor.shape) if axis != cursor.axis):
                _check_positions(item, cursor.shape[cursor.axis], cursor.axis)
            cursor.tensors[cursor.axis] = item
            cursor.axis += 1


def _pick(cursor: _Cursor, index: Dim) -> None:
    size = cursor.shape[cursor.axis]
    wants_position(index, size, cursor.axis)
    cursor.replace(
        (),
        taken(cursor.current, cursor.axis, [index % size])
        if isinstance(index, int) and isinstance(size, int)
        else None,
    )


def _mask(cursor: _Cursor, mask: TensorLike) -> None:
    """A mask stands for as many index tensors as it has axes, each as long as the mask has true elements."""
    sizes = mask.shape or ()
    for offset, size in enumerate(sizes):
        axis = cursor.axis + offset
        if differ(size, cursor.shape[axis]):
            refuse(
                ProblemKind.INDEX,
                f"indexes shape {shown(cursor.shape)} with a mask of shape {shown(sizes)}",
                expected=cursor.shape[axis],
                got=size,
                axis=axis,
            )
    length: Dim = opaque() if mask.values is None else sum(map(bool, mask.values))
    for offset in range(len(sizes)):
        positions = _true_positions(mask) if len(sizes) == 1 else None
        cursor.tensors[cursor.axis + offset] = TensorSpec((length,), "int64", positions)
    cursor.axis += len(sizes)


def _true_positions(mask: TensorLike) -> Values:
    return None if mask.values is None else tuple(at for at, value in enumerate(mask.values) if value)


def _check_positions(index: TensorLike, size: Dim, axis: int) -> None:
    for value in {min(index.values), max(index.values)} if index.values else ():
        wants_position(value, size, axis)


def _gathered(cursor: _Cursor) -> TensorSpec:
    """The index tensors carried out."""
    current, axes = cursor.current, sorted(cursor.tensors)
    shape = cursor.shape
    if not axes:
        return TensorSpec(shape, current.dtype, current.values)
    common = wants_broadcast([cursor.tensors[axis].shape or () for axis in axes])
    empty = [axis for axis in axes if isinstance(shape[axis], int) and shape[axis] == 0]
    if empty and all(differ(size, 0) for size in common):
        wants_position(0, 0, empty[0])
    kept = tuple(size for axis, size in enumerate(shape) if axis not in cursor.tensors)
    together = axes[-1] - axes[0] + 1 == len(axes)
    first = axes[0] if together else 0
    values = _taken(current, axes, cursor.tensors) if len(axes) == 1 else None
    return TensorSpec((*kept[:first], *common, *kept[first:]), current.dtype, values)


def _taken(current: TensorLike, axes: Sequence[int], tensors: dict[int, TensorLike]) -> Values:
    axis, known = axes[0], elements(current)
    positions = tensors[axis].values
    if known is None or positions is None:
        return None
    size = known[0][axis]
    return taken(current, axis, [position % size for position in positions]) if size else None


def _getitem(args: Args) -> Result:
    return Result(indexed(args.tensor("input"), args["index"]), Slice("getitem"))


def _setitem(args: Args) -> Result:
    tensor = args.tensor("input")
    place = indexed(tensor, args["index"])
    value = operand(args, "value")
    if isinstance(value, TensorLike):
        wants_expandable(_without_ones(value.shape or (), place.shape or ()), place.shape or (), "a value")
    return Result(TensorSpec(tensor.shape, tensor.dtype), Elementwise("setitem", inplace=True))


def _without_ones(shape: Shape, target: Shape) -> Shape:
    """Leading axes of size 1 that torch drops from an assigned value."""
    while len(shape) > len(target) and not differ(shape[0], 1):
        shape = shape[1:]
    return shape


FUNCTIONS: tuple[FunctionSpec, ...] = (
    operator("getitem", _getitem, "input, index"),
    operator("setitem", _setitem, "input, index, value"),
)
