"""Spread and length: ``std``, ``var``, their pairs with the mean, norms, quantiles."""

from __future__ import annotations

from typing import Any

from cnnlint.graph.dims import Shape
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Reduction
from cnnlint.ops.reading import shown
from cnnlint.ops.spec import Args, Entry, FunctionSpec, Result, TensorLike, TensorSpec, refuse
from cnnlint.ops.tensors.define import both, function
from cnnlint.ops.tensors.dtypes import dtype_named, is_integral, to_real
from cnnlint.ops.tensors.extremes import single_axis, wants_elements
from cnnlint.ops.tensors.operands import operand
from cnnlint.ops.tensors.reducing import reduce, reduced_axes, reduced_shape
from cnnlint.ops.tensors.sizes import axes_of


def _spread(name: str) -> Entry:
    def entry(args: Args) -> Result:
        tensor, args = args.tensor("input"), _without_flag(args)
        return reduce(name, args, reduced_axes(args, tensor.shape or ()), args.flag("keepdim"))

    return entry


def _without_flag(args: Args) -> Args:
    """``x.std(False)`` gives ``unbiased``, not an axis."""
    return Args(args.name, {**args.bound, "dim": None}) if isinstance(args.bound["dim"], bool) else args


def _with_mean(name: str) -> Entry:
    """``std_mean`` and ``var_mean``."""

    def entry(args: Args) -> Result:
        spread = _spread(name)(args)
        output: TensorSpec = spread.output
        axes = spread.op.axes if isinstance(spread.op, Reduction) else ()
        pair = (output, TensorSpec(output.shape, args.tensor("input").dtype))
        return Result(pair, Reduction(f"{name}_mean", axes, args.flag("keepdim")))

    return entry


def _norm(key: str, order: str) -> Entry:
    """A norm over the axes given, or over all."""

    def entry(args: Args) -> Result:
        tensor, p = args.tensor(key), args.bound[order]
        dtype = dtype_named(args.bound.get("dtype")) or tensor.dtype
        if is_integral(dtype):
            refuse(ProblemKind.DTYPE, f"cannot take a norm of {dtype} tensors", expected="float32", got=dtype)
        shape, keepdim = tensor.shape or (), args.flag("keepdim")
        axes = reduced_axes(args, shape)
        given = args.bound["dim"]
        if args.name == "linalg.norm" and given is not None and (given in ((), []) or len(axes) > 2):
            refuse(ProblemKind.ARGUMENT, f"takes one or two axes, gets {len(axes)}", expected="1 or 2", got=len(axes))
        if args.name == "linalg.norm" and p is not None and args.bound["dim"] is None and not 1 <= len(shape) <= 2:
            refuse(ProblemKind.RANK, f"needs 1 or 2 axes, gets {shown(shape)}", expected="1 or 2", got=len(shape))
        return Result(TensorSpec(reduced_shape(shape, axes, keepdim), to_real(dtype)), Reduction("norm", axes, keepdim))

    return entry


def _matrix_norm(args: Args) -> Result:
    tensor = args.tensor("A")
    shape, keepdim = tensor.shape or (), args.flag("keepdim")
    if len(shape) < 2:
        refuse(ProblemKind.RANK, f"needs at least 2 axes, gets {shown(shape)}", expected=2, got=len(shape))
    axes = tuple(sorted(axes_of(args, "dim", len(shape))))
    if is_integral(tensor.dtype):
        refuse(ProblemKind.DTYPE, f"cannot take a norm of {tensor.dtype} tensors", expected="float32", got=tensor.dtype)
    target = reduced_shape(shape, axes, keepdim)
    return Result(TensorSpec(target, to_real(tensor.dtype)), Reduction("norm", axes, keepdim))


def _quantile(args: Args) -> Result:
    tensor, q = args.tensor("input"), operand(args, "q")
    shape, keepdim = tensor.shape or (), args.flag("keepdim")
    if tensor.dtype not in (None, "float32", "float64"):
        text = f"cannot take quantiles of {tensor.dtype} tensors"
        refuse(ProblemKind.DTYPE, text, expected="float32", got=tensor.dtype)
    axes = tuple(range(len(shape))) if args.bound["dim"] is None else single_axis(args, shape)
    wants_elements("quantile", shape, axes)
    front: Shape = (q.shape or ()) if isinstance(q, TensorLike) else ()
    if len(front) > 1:
        refuse(ProblemKind.RANK, "needs a number or a tensor with one axis for q", expected=1, got=len(front))
    target = (*front, *reduced_shape(shape, axes, keepdim))
    return Result(TensorSpec(target, tensor.dtype), Reduction(args.name, axes, keepdim))


_SPREAD = "input, dim=None, unbiased=True, keepdim=False, *, correction=None, out=None"
_QUANTILE = "input, q, dim=None, keepdim=False, *, interpolation='linear', out=None"


def _functions() -> tuple[FunctionSpec, ...]:
    norms: list[tuple[str, str, Any]] = [
        ("linalg.norm", "A, ord=None, dim=None, keepdim=False, *, out=None, dtype=None", _norm("A", "ord")),
        ("linalg.vector_norm", "x, ord=2, dim=None, keepdim=False, *, dtype=None, out=None", _norm("x", "ord")),
        ("linalg.matrix_norm", "A, ord='fro', dim=(-2, -1), keepdim=False, *, dtype=None, out=None", _matrix_norm),
    ]
    return tuple(function(name, signature, entry) for name, signature, entry in norms)


FUNCTIONS: tuple[FunctionSpec, ...] = (
    *(both(name, _SPREAD, _spread(name)) for name in ("std", "var")),
    *(function(f"{name}_mean", _SPREAD, _with_mean(name)) for name in ("std", "var")),
    both("norm", "input, p='fro', dim=None, keepdim=False, dtype=None, out=None", _norm("input", "p")),
    *(both(name, _QUANTILE, _quantile) for name in ("quantile", "nanquantile")),
    *_functions(),
)
