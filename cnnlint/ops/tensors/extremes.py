"""Largest and smallest elements in all their forms: ``max``, ``argmax``, ``median``, ``kthvalue``, ``cummax``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from cnnlint.graph.dims import Shape, differ, less
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Opaque, Reduction
from cnnlint.ops.reading import axis_of, shown
from cnnlint.ops.spec import Args, Entry, FunctionSpec, Result, TensorLike, TensorSpec, refuse
from cnnlint.ops.tensors.arithmetic import combine
from cnnlint.ops.tensors.define import both
from cnnlint.ops.tensors.dtypes import is_complex
from cnnlint.ops.tensors.reducing import reduce, reduced_shape
from cnnlint.ops.tensors.sizes import text_of
from cnnlint.ops.tensors.values import Values, compute, rows


class ValuesIndices(NamedTuple):
    """What ``max`` along an axis returns: a named tuple, as in torch."""

    values: TensorSpec
    indices: TensorSpec


class MinMax(NamedTuple):
    """What ``aminmax`` returns."""

    min: TensorSpec
    max: TensorSpec


def single_axis(args: Args, shape: Shape, key: str = "dim") -> tuple[int, ...]:
    """One axis; none for a tensor without axes."""
    axis = axis_of(args, key, len(shape))
    return (axis,) if shape else ()


def wants_elements(name: str, shape: Shape, axes: Sequence[int]) -> None:
    """Refuse a reduction of no elements that has no value."""
    if any(isinstance(shape[axis], int) and shape[axis] == 0 for axis in axes):
        refuse(ProblemKind.ARGUMENT, f"takes {name} of no elements: {shown(shape)}", got=shape)


def _wants_real(name: str, tensor: TensorLike) -> None:
    if is_complex(tensor.dtype):
        refuse(ProblemKind.DTYPE, f"cannot compute {name} of {tensor.dtype} tensors", got=tensor.dtype)


def _extreme(name: str) -> Entry:
    """``max`` and ``min``: of all elements, along an axis, or of two tensors."""

    def entry(args: Args) -> Result:
        tensor, dim = args.tensor("input"), args.bound["dim"]
        other = dim if isinstance(dim, TensorLike) else args.bound["other"]
        if other is not None:
            return combine(f"{name}imum", tensor, Args(args.name, {"other": other}).tensor("other"))
        if dim is None:
            every = reduce(f"a{name}", args, tuple(range(len(tensor.shape or ()))), False)
            return Result(every.output, Reduction(name, every.op.axes if isinstance(every.op, Reduction) else ()))
        return _along(args, name, max if name == "max" else min)

    return entry


def _along(args: Args, name: str, best: Callable[[Sequence[Any]], Any] | None = None) -> Result:
    """The values and indices of a selection along one axis."""
    tensor = args.tensor("input")
    shape, keepdim = tensor.shape or (), args.flag("keepdim")
    _wants_real(name, tensor)
    axes = single_axis(args, shape)
    wants_elements(name, shape, axes)
    target = reduced_shape(shape, axes, keepdim)
    found = rows(tensor, axes) if best is not None else None
    values: Values = None if found is None else compute(best, found)
    indices: Values = None if found is None or values is None else compute(tuple.index, found, values)
    pair = ValuesIndices(TensorSpec(target, tensor.dtype, values), TensorSpec(target, "int64", indices))
    return Result(pair, Reduction(name, axes, keepdim))


def _arg(name: str) -> Entry:
    best = max if name == "argmax" else min

    def entry(args: Args) -> Result:
        tensor = args.tensor("input")
        _wants_real(name, tensor)
        if tensor.dtype == "bool":
            refuse(ProblemKind.DTYPE, f"cannot compute {name} of bool tensors", got="bool")
        shape, keepdim = tensor.shape or (), args.flag("keepdim")
        axes = tuple(range(len(shape))) if args.bound["dim"] is None else single_axis(args, shape)
        wants_elements(name, shape, axes)
        found = rows(tensor, axes)
        values = None if found is None else compute(lambda row: row.index(best(row)), found)
        target = reduced_shape(shape, axes, keepdim)
        return Result(TensorSpec(target, "int64", values), Reduction(name, axes, keepdim))

    return entry


def _middle(name: str) -> Entry:
    """``median`` and ``nanmedian``: of all elements, or with indices along an axis."""

    def entry(args: Args) -> Result:
        tensor = args.tensor("input")
        _wants_real(name, tensor)
        if args.bound["dim"] is None:
            return Result(TensorSpec((), tensor.dtype), Reduction(name, tuple(range(len(tensor.shape or ())))))
        return _along(args, name)

    return entry


def _kth(args: Args) -> Result:
    shape, k = args.shape("input"), args.dim("k")
    axes = single_axis(args, shape)
    size = shape[axes[0]] if axes else 1
    if less(k, 1) or less(size, k):
        refuse(ProblemKind.INDEX, f"asks for number {text_of(k)} along an axis of {shown(shape)}", expected=size, got=k)
    return _along(args, "kthvalue")


def _both_ends(args: Args) -> Result:
    tensor = args.tensor("input")
    _wants_real("aminmax", tensor)
    shape, keepdim = tensor.shape or (), args.flag("keepdim")
    axes = tuple(range(len(shape))) if args.bound["dim"] is None else single_axis(args, shape)
    wants_elements("aminmax", shape, axes)
    target = reduced_shape(shape, axes, keepdim)
    pair = MinMax(TensorSpec(target, tensor.dtype), TensorSpec(target, tensor.dtype))
    return Result(pair, Reduction("aminmax", axes, keepdim))


def _running(name: str) -> Entry:
    """``cummax`` and ``cummin``."""

    def entry(args: Args) -> Result:
        tensor = args.tensor("input")
        _wants_real(name, tensor)
        if all(differ(size, 0) for size in tensor.shape or ()):
            single_axis(args, tensor.shape or ())
        pair = ValuesIndices(TensorSpec(tensor.shape, tensor.dtype), TensorSpec(tensor.shape, "int64"))
        return Result(pair, Opaque(name))

    return entry


FUNCTIONS: tuple[FunctionSpec, ...] = (
    *(both(name, "input, dim=None, keepdim=False, *, other=None, out=None", _extreme(name)) for name in ("max", "min")),
    *(both(name, "input, dim=None, keepdim=False, *, out=None", _arg(name)) for name in ("argmax", "argmin")),
    *(both(name, "input, dim=None, keepdim=False, *, out=None", _middle(name)) for name in ("median", "nanmedian")),
    both("mode", "input, dim=-1, keepdim=False, *, out=None", lambda args: _along(args, "mode")),
    both("kthvalue", "input, k, dim=-1, keepdim=False, *, out=None", _kth),
    both("aminmax", "input, *, dim=None, keepdim=False, out=None", _both_ends),
    *(both(name, "input, dim, *, out=None", _running(name)) for name in ("cummax", "cummin")),
)
