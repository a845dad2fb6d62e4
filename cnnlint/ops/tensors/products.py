"""Products of matrices and vectors: ``matmul``, ``bmm``, ``mm``, ``addmm``, ``dot``, ``outer`` and kin.

Multiply-adds are the true number, one for each element of each inner product; fvcore counts the same under the same
names, except that it leaves out a batch that only the second operand has.
"""

from __future__ import annotations

from cnnlint.graph.dims import Dim, Shape, Sym, differ, product
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import MatrixProduct
from cnnlint.ops.reading import axis_of, shown
from cnnlint.ops.spec import Args, Entry, FunctionSpec, Result, TensorLike, TensorSpec, Unclear, refuse
from cnnlint.ops.tensors.broadcasting import broadcast, clash, conflict, wants_broadcast, wants_expandable
from cnnlint.ops.tensors.define import both, function, in_place, operator
from cnnlint.ops.tensors.dtypes import is_integral, promote
from cnnlint.ops.tensors.sizes import axes_of, tensors_from, text_of


def produced(name: str, shape: Shape, inner: Dim, dtype: str | None) -> Result:
    """A product whose every element is the sum of ``inner`` terms."""
    return Result(TensorSpec(shape, dtype), MatrixProduct(name), {name: product(shape) * inner})


def same_type(*tensors: TensorLike) -> str | None:
    """The one element type of the operands; refuses where they differ."""
    known = [tensor.dtype for tensor in tensors if tensor.dtype is not None]
    for dtype in known:
        if dtype != known[0]:
            refuse(
                ProblemKind.DTYPE, f"multiplies a matrix of {known[0]} by one of {dtype}", expected=known[0], got=dtype
            )
    return known[0] if len(known) == len(tensors) else None


def _wants_inner(left: Shape, right: Shape, sizes: tuple[Dim, Dim], result: Result | None = None) -> None:
    if differ(*sizes):
        expected, got = map(text_of, sizes)
        refuse(
            ProblemKind.MATRIX,
            f"multiplies shapes {shown(left)} and {shown(right)}, whose inner sizes {expected} and {got} differ",
            expected=sizes[0],
            got=sizes[1],
            result=result,
        )


def multiplied(name: str, left: TensorLike, right: TensorLike) -> Result:
    """``left @ right`` with batches broadcast; a vector counts as a row on the left, as a column on the right."""
    first, second = left.shape or (), right.shape or ()
    if not first or not second:
        refuse(ProblemKind.RANK, f"needs at least one axis on either side, gets {shown(first)} and {shown(second)}")
    dtype = same_type(left, right)
    rows, columns = first[:-1][-1:], second[1:][-1:]
    inner = (first[-1], second[-2] if len(second) > 1 else second[0])
    batches = (first[:-2], second[:-2])
    guess = (
        None
        if clash(*batches) is not None
        else produced(name, (*broadcast(*batches), *rows, *columns), first[-1], dtype)
    )
    _wants_inner(first, second, inner, guess)
    return produced(name, (*wants_broadcast(batches), *rows, *columns), first[-1], dtype)


def _matmul(args: Args) -> Result:
    return multiplied("matmul", args.tensor("input"), args.tensor("other"))


def _wants_axes(tensor: TensorLike, rank: int) -> Shape:
    shape = tensor.shape or ()
    if len(shape) != rank:
        refuse(ProblemKind.RANK, f"needs {rank} axes, gets {shown(shape)}", expected=rank, got=len(shape))
    return shape


def _fixed(name: str, ranks: tuple[int, int], keys: tuple[str, str]) -> Entry:
    """A product of operands with fixed numbers of axes: ``mm``, ``bmm``, ``mv``, ``dot``."""

    def entry(args: Args) -> Result:
        left, right = (args.tensor(key) for key in keys)
        return _product(name, left, right, ranks)

    return entry


def _product(name: str, left: TensorLike, right: TensorLike, ranks: tuple[int, int]) -> Result:
    first, second = _wants_axes(left, ranks[0]), _wants_axes(right, ranks[1])
    if ranks[0] == 3 and differ(first[0], second[0]):
        refuse(
            ProblemKind.MATRIX,
            f"multiplies batches of different sizes: {shown(first)} and {shown(second)}",
            expected=first[0],
            got=second[0],
            axis=0,
        )
    dtype = same_type(left, right)
    columns = second[-1:] if ranks[1] > 1 else ()
    result = produced(name, (*first[:-1], *columns), first[-1], dtype)
    _wants_inner(first, second, (first[-1], second[-2] if ranks[1] > 1 else second[0]), result)
    return result


def _added(name: str, ranks: tuple[int, int], keys: tuple[str, str]) -> Entry:
    """A product that is added to ``input``: ``addmm``, ``baddbmm``, ``addmv``."""

    def entry(args: Args) -> Result:
        start, left, right = args.tensor("input"), args.tensor(keys[0]), args.tensor(keys[1])
        same_type(start, left, right)
        result = _product(name, left, right, ranks)
        wants_expandable(start.shape or (), result.output.shape, "a tensor")
        return result

    return entry


def _addbmm(args: Args) -> Result:
    start = args.tensor("input")
    result = _product("addbmm", args.tensor("batch1"), args.tensor("batch2"), (3, 3))
    shape = result.output.shape[1:]
    wants_expandable(start.shape or (), shape, "a tensor")
    return Result(TensorSpec(shape, result.output.dtype), MatrixProduct("addbmm"), result.macs)


def _outer(args: Args) -> Result:
    left, right = args.tensor("input"), args.tensor("vec2")
    shape = (*_wants_axes(left, 1), *_wants_axes(right, 1))
    return produced("outer", shape, 1, promote(left.dtype, right.dtype))


def _inner(args: Args) -> Result:
    left, right = args.tensor("input"), args.tensor("other")
    first, second = left.shape or (), right.shape or ()
    dtype = same_type(left, right)
    if not first or not second:
        return produced("inner", first or second, 1, dtype)
    _wants_inner(first, second, (first[-1], second[-1]))
    return produced("inner", (*first[:-1], *second[:-1]), first[-1], dtype)


def _kron(args: Args) -> Result:
    left, right = args.tensor("input"), args.tensor("other")
    first, second = left.shape or (), right.shape or ()
    rank = max(len(first), len(second))
    pairs = zip((1,) * (rank - len(first)) + first, (1,) * (rank - len(second)) + second, strict=True)
    return produced("kron", tuple(size * factor for size, factor in pairs), 1, promote(left.dtype, right.dtype))


def _tensordot(args: Args) -> Result:
    left, right = args.tensor("a"), args.tensor("b")
    first, second, dims = left.shape or (), right.shape or (), args["dims"]
    if isinstance(dims, int):
        if not 0 <= dims <= min(len(first), len(second)):
            refuse(ProblemKind.INDEX, f"contracts {dims} axes of {shown(first)} and {shown(second)}", got=dims)
        pair = tuple(range(len(first) - dims, len(first))), tuple(range(dims))
    else:
        pair = _contracted(args, first, second)
    for own, other in zip(*pair, strict=True):
        if conflict(first[own], second[other]):
            _wants_inner(first, second, (first[own], second[other]))
    kept = [size for axis, size in enumerate(first) if axis not in pair[0]]
    kept += [size for axis, size in enumerate(second) if axis not in pair[1]]
    inner = product([first[axis] for axis in pair[0]])
    return produced("tensordot", tuple(kept), inner, same_type(left, right))


def _contracted(args: Args, first: Shape, second: Shape) -> tuple[tuple[int, ...], tuple[int, ...]]:
    dims = args["dims"]
    if isinstance(dims, Sym | TensorLike):
        raise Unclear(f"{args.name}: dims is not known")
    if not isinstance(dims, list | tuple) or len(dims) != 2:
        refuse(ProblemKind.ARGUMENT, "needs a number or two lists of axes for dims", got=repr(dims))
    own = axes_of(Args(args.name, {"dims": dims[0]}), "dims", len(first))
    other = axes_of(Args(args.name, {"dims": dims[1]}), "dims", len(second))
    if len(own) != len(other):
        refuse(ProblemKind.ARGUMENT, f"contracts {len(own)} axes with {len(other)}", expected=len(own), got=len(other))
    return own, other


def _chain(args: Args) -> Result:
    """``chain_matmul`` and ``linalg.multi_dot``, counted from the left."""
    tensors = tensors_from(args, "tensors")
    for at, tensor in enumerate(tensors):
        vector = args.name == "linalg.multi_dot" and at in (0, len(tensors) - 1) and len(tensor.shape or ()) == 1
        if not vector:
            _wants_axes(tensor, 2)
    total: Dim = 0
    current = tensors[0]
    for tensor in tensors[1:]:
        step = multiplied("mm", current, tensor)
        total = total + step.macs["mm"]
        current = step.output
    return Result(TensorSpec(current.shape, current.dtype), MatrixProduct("mm"), {"mm": total})


def _cdist(args: Args) -> Result:
    left, right = args.tensor("x1"), args.tensor("x2")
    first, second = left.shape or (), right.shape or ()
    if len(first) < 2 or len(second) < 2:
        refuse(ProblemKind.RANK, f"needs at least 2 axes on either side, gets {shown(first)} and {shown(second)}")
    if is_integral(left.dtype) or is_integral(right.dtype):
        refuse(ProblemKind.DTYPE, "needs floating-point tensors", expected="float32", got=left.dtype)
    _wants_inner(first, second, (first[-1], second[-1]))
    shape = (*wants_broadcast([first[:-2], second[:-2]]), first[-2], second[-2])
    return Result(TensorSpec(shape, promote(left.dtype, right.dtype)), MatrixProduct("cdist"))


def _cross(args: Args) -> Result:
    left, right = args.tensor("input"), args.tensor("other")
    if len(left.shape or ()) != len(right.shape or ()):
        refuse(ProblemKind.RANK, f"gets shapes {shown(left.shape or ())} and {shown(right.shape or ())}")
    shape = wants_broadcast([left.shape or (), right.shape or ()])
    if args.given("dim"):
        axis = axis_of(args, "dim", len(shape))
        if not shape or differ(shape[axis], 3):
            refuse(ProblemKind.ARGUMENT, f"needs size 3 on axis {axis}, gets {shown(shape)}", expected=3, axis=axis)
    elif all(differ(size, 3) for size in shape):
        refuse(ProblemKind.ARGUMENT, f"needs an axis of size 3, gets {shown(shape)}", expected=3)
    return Result(TensorSpec(shape, promote(left.dtype, right.dtype)), MatrixProduct("cross"))


_SCALES = "*, beta=1, alpha=1, out=None"
_BATCHES = f"input, batch1, batch2, {_SCALES}"
_ADDED = (
    both("addmm", f"input, mat1, mat2, {_SCALES}", _added("addmm", (2, 2), ("mat1", "mat2"))),
    both("baddbmm", _BATCHES, _added("baddbmm", (3, 3), ("batch1", "batch2"))),
    both("addbmm", _BATCHES, _addbmm),
    both("addmv", f"input, mat, vec, {_SCALES}", _added("addmv", (2, 1), ("mat", "vec"))),
)

FUNCTIONS: tuple[FunctionSpec, ...] = (
    both("matmul", "input, other, *, out=None", _matmul),
    function("linalg.matmul", "input, other, *, out=None", _matmul),
    operator("matmul", _matmul),
    both("mm", "input, mat2, *, out=None", _fixed("mm", (2, 2), ("input", "mat2"))),
    both("bmm", "input, mat2, *, out=None", _fixed("bmm", (3, 3), ("input", "mat2"))),
    both("mv", "input, vec, *, out=None", _fixed("mv", (2, 1), ("input", "vec"))),
    both("dot", "input, tensor, *, out=None", _fixed("dot", (1, 1), ("input", "tensor"))),
    *_ADDED,
    *map(in_place, _ADDED),
    both("outer", "input, vec2, *, out=None", _outer, "ger"),
    both("inner", "input, other, *, out=None", _inner),
    both("kron", "input, other, *, out=None", _kron),
    function("tensordot", "a, b, dims=2, *, out=None", _tensordot),
    function("chain_matmul", "*tensors, out=None", lambda args: _chain(Args(args.name, {"tensors": args["tensors"]}))),
    function("linalg.multi_dot", "tensors, *, out=None", _chain),
    function("cdist", "x1, x2, p=2.0, compute_mode=None", _cdist),
    both("cross", "input, other, dim=None, *, out=None", _cross),
)
