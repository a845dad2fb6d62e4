"""Linear algebra on the last two axes: inverses, decompositions, solvers."""

from __future__ import annotations

from typing import Any, NamedTuple

from cnnlint.graph.dims import Dim, Shape, differ, less, opaque
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Opaque
from cnnlint.ops.reading import shown
from cnnlint.ops.spec import Args, Entry, FunctionSpec, Result, TensorLike, TensorSpec, Unclear, refuse
from cnnlint.ops.tensors.broadcasting import wants_broadcast
from cnnlint.ops.tensors.define import both, function
from cnnlint.ops.tensors.dtypes import is_integral, to_real


class QR(NamedTuple):
    Q: TensorSpec
    R: TensorSpec


class SVD(NamedTuple):
    U: TensorSpec
    S: TensorSpec
    Vh: TensorSpec


class Eigen(NamedTuple):
    eigenvalues: TensorSpec
    eigenvectors: TensorSpec


class SignLog(NamedTuple):
    sign: TensorSpec
    logabsdet: TensorSpec


def _matrix(args: Args, key: str, square: bool = True) -> tuple[TensorLike, Shape]:
    tensor = args.tensor(key)
    shape = tensor.shape or ()
    if len(shape) < 2:
        refuse(ProblemKind.RANK, f"needs at least 2 axes, gets {shown(shape)}", expected=2, got=len(shape))
    if square and differ(shape[-1], shape[-2]):
        refuse(ProblemKind.MATRIX, f"needs square matrices, gets {shown(shape)}", expected=shape[-2], got=shape[-1])
    if is_integral(tensor.dtype) or tensor.dtype in ("float16", "bfloat16"):
        refuse(ProblemKind.DTYPE, f"cannot work on {tensor.dtype}", expected="float32", got=tensor.dtype)
    return tensor, shape


def _square(name: str, key: str, left: int) -> Entry:
    """A function of square matrices that keeps their last ``left`` axes."""

    def entry(args: Args) -> Result:
        tensor, shape = _matrix(args, key)
        return Result(TensorSpec(shape[: len(shape) - 2 + left], tensor.dtype), Opaque(name))

    return entry


def _least(left: Dim, right: Dim) -> Dim:
    if left == right or less(left, right):
        return left
    return right if less(right, left) else opaque()


def _pinv(args: Args) -> Result:
    tensor, shape = _matrix(args, "A", square=False)
    return Result(TensorSpec((*shape[:-2], shape[-1], shape[-2]), tensor.dtype), Opaque("pinv"))


def _qr(args: Args) -> Result:
    tensor, (*batch, rows, columns) = _matrix(args, "A", square=False)
    mode, dtype = args["mode"], tensor.dtype
    if mode not in ("reduced", "complete", "r"):
        refuse(ProblemKind.ARGUMENT, f"mode must be 'reduced', 'complete' or 'r', gets {mode!r}", got=repr(mode))
    inner = rows if mode == "complete" else _least(rows, columns)
    left: Shape = (0,) if mode == "r" else (*batch, rows, inner)
    return Result(QR(TensorSpec(left, dtype), TensorSpec((*batch, inner, columns), dtype)), Opaque("qr"))


def _svd(args: Args) -> Result:
    tensor, (*batch, rows, columns) = _matrix(args, "A", square=False)
    full, dtype = args.flag("full_matrices"), tensor.dtype
    inner = _least(rows, columns)
    left = TensorSpec((*batch, rows, rows if full else inner), dtype)
    right = TensorSpec((*batch, columns if full else inner, columns), dtype)
    return Result(SVD(left, TensorSpec((*batch, inner), to_real(dtype)), right), Opaque("svd"))


def _singular(args: Args) -> Result:
    tensor, (*batch, rows, columns) = _matrix(args, "A", square=False)
    return Result(TensorSpec((*batch, _least(rows, columns)), to_real(tensor.dtype)), Opaque("svdvals"))


def _eigh(args: Args) -> Result:
    tensor, shape = _matrix(args, "A")
    pair = Eigen(TensorSpec(shape[:-1], to_real(tensor.dtype)), TensorSpec(shape, tensor.dtype))
    return Result(pair, Opaque("eigh"))


def _eigvalsh(args: Args) -> Result:
    return Result(_eigh(args).output.eigenvalues, Opaque("eigvalsh"))


def _slogdet(args: Args) -> Result:
    tensor, shape = _matrix(args, "A")
    pair = SignLog(TensorSpec(shape[:-2], tensor.dtype), TensorSpec(shape[:-2], to_real(tensor.dtype)))
    return Result(pair, Opaque("slogdet"))


def _solve(args: Args) -> Result:
    tensor, shape = _matrix(args, "A")
    other = args.shape("B")
    if not args.flag("left") or len(other) < 2 or len(shape) < 2:
        raise Unclear(f"{args.name}: this form is not followed")
    if differ(shape[-1], other[-2]) and len(other) >= len(shape):
        refuse(ProblemKind.MATRIX, f"solves {shown(shape)} for {shown(other)}", expected=shape[-1], got=other[-2])
    if len(other) != len(shape):
        raise Unclear(f"{args.name}: this form is not followed")
    batch = wants_broadcast([shape[:-2], other[:-2]])
    return Result(TensorSpec((*batch, *other[-2:]), tensor.dtype), Opaque("solve"))


def _power(args: Args) -> Result:
    tensor = args.tensor("A")
    shape = tensor.shape or ()
    args.integer("n")
    if len(shape) < 2 or differ(shape[-1], shape[-2]):
        refuse(ProblemKind.MATRIX, f"needs square matrices, gets {shown(shape)}", got=shape)
    return Result(TensorSpec(shape, tensor.dtype), Opaque("matrix_power"))


_TABLE: tuple[tuple[str, str, Any], ...] = (
    ("linalg.inv", "A, *, out=None", _square("inv", "A", 2)),
    ("linalg.det", "A, *, out=None", _square("det", "A", 0)),
    ("linalg.slogdet", "A, *, out=None", _slogdet),
    ("linalg.cholesky", "A, *, upper=False, out=None", _square("cholesky", "A", 2)),
    ("linalg.matrix_exp", "A", _square("matrix_exp", "A", 2)),
    ("linalg.pinv", "A, *, atol=None, rtol=None, hermitian=False, out=None", _pinv),
    ("linalg.qr", "A, mode='reduced', *, out=None", _qr),
    ("linalg.svd", "A, full_matrices=True, *, driver=None, out=None", _svd),
    ("linalg.svdvals", "A, *, driver=None, out=None", _singular),
    ("linalg.eigh", "A, UPLO='L', *, out=None", _eigh),
    ("linalg.eigvalsh", "A, UPLO='L', *, out=None", _eigvalsh),
    ("linalg.solve", "A, B, *, left=True, out=None", _solve),
    ("linalg.matrix_power", "A, n, *, out=None", _power),
)

FUNCTIONS: tuple[FunctionSpec, ...] = (
    *(function(name, signature, entry) for name, signature, entry in _TABLE),
    both("inverse", "input, *, out=None", _square("inverse", "input", 2)),
    both("det", "input", _square("det", "input", 0)),
    both("logdet", "input", _square("logdet", "input", 0)),
    both("cholesky", "input, upper=False, *, out=None", _square("cholesky", "input", 2)),
)
