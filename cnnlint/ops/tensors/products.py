"""Products of matrices and vectors: ``matmul``, ``bmm``, ``mm``, ``addmm``, ``dot``, ``outer`` and kin.

Multiply-adds are the true number, one for each element of each inner product; fvcore counts the same under the same
names, except that it leaves out a batch that only the second operand has.
"""

from __future__ import annotations

from cnnlint.graph.dims import Dim, Shape, differ
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import MatrixProduct
from cnnlint.ops.reading import product, shown
from cnnlint.ops.spec import Args, FunctionSpec, Result, TensorLike, TensorSpec, refuse
from cnnlint.ops.tensors.broadcasting import wants_broadcast
from cnnlint.ops.tensors.define import both, operator


def _result(name: str, shape: Shape, inner: Dim, dtype: str | None) -> Result:
    return Result(TensorSpec(shape, dtype), MatrixProduct(name), {name: product(shape) * inner})


def _same_type(left: TensorLike, right: TensorLike) -> str | None:
    if left.dtype and right.dtype and left.dtype != right.dtype:
        refuse(
            ProblemKind.DTYPE,
            f"multiplies a matrix of {left.dtype} by one of {right.dtype}",
            expected=left.dtype,
            got=right.dtype,
        )
    return left.dtype or right.dtype


def _wants_inner(left: Shape, right: Shape, left_size: Dim, right_size: Dim, result: Result | None = None) -> None:
    if differ(left_size, right_size):
        refuse(
            ProblemKind.MATRIX,
            f"multiplies shapes {shown(left)} and {shown(right)}, whose inner sizes {shown((left_size,))[1:-2]} and "
            f"{shown((right_size,))[1:-2]} differ",
            expected=left_size,
            got=right_size,
            result=result,
        )


def multiplied(name: str, left: TensorLike, right: TensorLike) -> Result:
    """``left @ right`` with batches broadcast; vectors count as a row on the left, as a column on the right."""
    first, second = left.shape or (), right.shape or ()
    if not first or not second:
        refuse(ProblemKind.RANK, f"needs at least one axis on either side, gets {shown(first)} and {shown(second)}")
    dtype = _same_type(left, right)
    rows, columns = first[:-1][-1:], second[-1:] if len(second) > 1 else ()
    inner = second[-2] if len(second) > 1 else second[0]
    batches = [first[:-2], second[:-2]]
    guess = _result(name, (*first[:-1], *columns), first[-1], dtype)
    _wants_inner(first, second, first[-1], inner, guess)
    return _result(name, (*wants_broadcast(batches), *rows, *columns), first[-1], dtype)


def _matmul(args: Args) -> Result:
    return multiplied("matmul", args.tensor("input"), args.tensor("other"))


FUNCTIONS: tuple[FunctionSpec, ...] = (
    both("matmul", "input, other, *, out=None", _matmul),
    operator("matmul", _matmul),
)
