"""Triangles and diagonals of matrices."""

from __future__ import annotations

from cnnlint.graph.dims import Dim, Shape, Sym, less, lower, opaque
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Elementwise, Opaque, Reduction, Slice
from cnnlint.ops.reading import axis_of, shown
from cnnlint.ops.spec import Args, Entry, FunctionSpec, Result, TensorLike, TensorSpec, refuse
from cnnlint.ops.tensors.define import both, function, in_place
from cnnlint.ops.tensors.values import Values, elements


def _wants_matrix(tensor: TensorLike) -> Shape:
    shape = tensor.shape or ()
    if len(shape) < 2:
        refuse(ProblemKind.RANK, f"needs at least 2 axes, gets {shown(shape)}", expected=2, got=len(shape))
    return shape


def _triangle(name: str) -> Entry:
    def entry(args: Args) -> Result:
        tensor, diagonal = args.tensor("input"), args.dim("diagonal")
        shape = _wants_matrix(tensor)
        values = None if isinstance(diagonal, Sym) else _kept(tensor, diagonal, name == "tril")
        return Result(TensorSpec(shape, tensor.dtype, values), Elementwise(name, linear=True))

    return entry


def _kept(tensor: TensorLike, diagonal: int, low: bool) -> Values:
    known = elements(tensor)
    if known is None:
        return None
    (*_, rows, columns), values = known
    zero = type(values[0])(0) if values else 0
    offsets = (at % columns - at // columns % rows - diagonal for at in range(len(values)))
    return tuple(
        value if (offset <= 0 if low else offset >= 0) else zero for value, offset in zip(values, offsets, strict=True)
    )


def _length(rows: Dim, columns: Dim, offset: Dim) -> Dim:
    """How many elements the diagonal has."""
    if isinstance(offset, Sym):
        return opaque()
    rows, columns = (rows + offset, columns) if offset < 0 else (rows, columns - offset)
    if less(rows, 0) or less(columns, 0):
        return 0
    if isinstance(rows, int) and isinstance(columns, int):
        return min(rows, columns)
    return rows if rows == columns and lower(rows) >= 0 else opaque()


def _diagonal(args: Args) -> Result:
    tensor = args.tensor("input")
    shape = tensor.shape or ()
    first, second = axis_of(args, "dim1", len(shape)), axis_of(args, "dim2", len(shape))
    if first == second:
        refuse(ProblemKind.INDEX, f"takes axis {first} twice", got=first)
    rest = tuple(size for axis, size in enumerate(shape) if axis not in (first, second))
    target = (*rest, _length(shape[first], shape[second], args.dim("offset")))
    return Result(TensorSpec(target, tensor.dtype), Slice("diagonal"))


def _diag(args: Args) -> Result:
    tensor, offset = args.tensor("input"), args.dim("diagonal")
    shape = tensor.shape or ()
    if len(shape) == 1:
        size = shape[0] + (opaque() if isinstance(offset, Sym) else abs(offset))
        return Result(TensorSpec((size, size), tensor.dtype), Opaque("diag"))
    if len(shape) != 2:
        refuse(ProblemKind.RANK, f"needs 1 or 2 axes, gets {shown(shape)}", expected="1 or 2", got=len(shape))
    if not isinstance(offset, Sym) and (less(shape[0], -offset) or less(shape[1], offset)):
        refuse(ProblemKind.INDEX, f"takes diagonal {offset} of {shown(shape)}", got=offset)
    return Result(TensorSpec((_length(shape[0], shape[1], offset),), tensor.dtype), Slice("diag"))


def _diag_embed(args: Args) -> Result:
    tensor, offset = args.tensor("input"), args.integer("offset")
    shape = tensor.shape or ()
    if not shape:
        refuse(ProblemKind.RANK, "needs at least one axis, gets a tensor without axes", expected=1, got=0)
    rank = len(shape) + 1
    first, second = axis_of(args, "dim1", rank), axis_of(args, "dim2", rank)
    if first == second:
        refuse(ProblemKind.INDEX, f"takes axis {first} twice", got=first)
    size, rest = shape[-1] + abs(offset), iter(shape[:-1])
    target = tuple(size if axis in (first, second) else next(rest) for axis in range(rank))
    return Result(TensorSpec(target, tensor.dtype), Opaque("diag_embed"))


def _trace(args: Args) -> Result:
    tensor = args.tensor("input")
    shape = tensor.shape or ()
    if len(shape) != 2:
        refuse(ProblemKind.RANK, f"needs a matrix, gets {shown(shape)}", expected=2, got=len(shape))
    dtype = "int64" if tensor.dtype in ("bool", "uint8", "int8", "int16", "int32") else tensor.dtype
    return Result(TensorSpec((), dtype), Reduction("trace", (0, 1)))


def _block_diag(args: Args) -> Result:
    rows: Dim = 0
    columns: Dim = 0
    dtype: str | None = None
    for item in args["tensors"]:
        tensor = Args(args.name, {"tensor": item}).tensor("tensor")
        shape = tensor.shape or ()
        if len(shape) > 2:
            refuse(ProblemKind.RANK, f"needs at most 2 axes, gets {shown(shape)}", expected=2, got=len(shape))
        height, width = ((1, 1)[: 2 - len(shape)] + shape)[-2:]
        rows, columns, dtype = rows + height, columns + width, tensor.dtype
    return Result(TensorSpec((rows, columns), dtype), Opaque("block_diag"))


_TRIANGLES = tuple(both(name, "input, diagonal=0, *, out=None", _triangle(name)) for name in ("tril", "triu"))

FUNCTIONS: tuple[FunctionSpec, ...] = (
    *_TRIANGLES,
    *map(in_place, _TRIANGLES),
    both("diagonal", "input, offset=0, dim1=0, dim2=1", _diagonal),
    both("diag", "input, diagonal=0, *, out=None", _diag),
    both("diag_embed", "input, offset=0, dim1=-2, dim2=-1", _diag_embed),
    both("trace", "input", _trace),
    function("block_diag", "*tensors", _block_diag),
)
