"""Order and running totals: ``sort``, ``topk``, ``cumsum``, ``unique``, ``nonzero``."""

from __future__ import annotations

from itertools import accumulate, groupby, pairwise
from operator import add, mul
from typing import Any

from cnnlint.graph.dims import Dim, Sym, less, opaque
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Opaque
from cnnlint.ops.reading import axis_of, shown
from cnnlint.ops.spec import Args, Entry, FunctionSpec, Result, TensorLike, TensorSpec, Unclear, refuse
from cnnlint.ops.tensors.define import both, function, in_place
from cnnlint.ops.tensors.dtypes import is_complex, is_integral, wanted_dtype
from cnnlint.ops.tensors.elementwise import wants_type
from cnnlint.ops.tensors.extremes import ValuesIndices, single_axis
from cnnlint.ops.tensors.operands import operand
from cnnlint.ops.tensors.sizes import text_of
from cnnlint.ops.tensors.values import LIMIT, Values, cast, elements, rearranged, rows


def _sort(args: Args) -> Result:
    tensor = args.tensor("input")
    wants_type("sort", "real", tensor.dtype)
    single_axis(args, tensor.shape or ())
    known = elements(tensor)
    values = indices = None
    if known is not None and len(known[0]) == 1:
        order = sorted(range(len(known[1])), key=known[1].__getitem__, reverse=args.flag("descending"))
        values, indices = tuple(known[1][at] for at in order), tuple(order)
    pair = ValuesIndices(TensorSpec(tensor.shape, tensor.dtype, values), TensorSpec(tensor.shape, "int64", indices))
    return Result(pair, Opaque("sort"))


def _argsort(args: Args) -> Result:
    return Result(_sort(args).output.indices, Opaque("argsort"))


def _msort(args: Args) -> Result:
    tensor = args.tensor("input")
    return Result(TensorSpec(tensor.shape, tensor.dtype), Opaque("msort"))


def _topk(args: Args) -> Result:
    tensor, k = args.tensor("input"), args.dim("k")
    wants_type("topk", "real", tensor.dtype)
    shape = tensor.shape or ()
    axes = single_axis(args, shape)
    size: Dim = shape[axes[0]] if axes else 1
    if less(k, 0) or less(size, k):
        refuse(ProblemKind.INDEX, f"takes the top {text_of(k)} of an axis of {shown(shape)}", expected=size, got=k)
    target = tuple(k if axis in axes else old for axis, old in enumerate(shape))
    pair = ValuesIndices(TensorSpec(target, tensor.dtype), TensorSpec(target, "int64"))
    return Result(pair, Opaque("topk"))


def _running(name: str) -> Entry:
    """``cumsum`` and ``cumprod``."""
    step = {"cumsum": add, "cumprod": mul}.get(name)

    def entry(args: Args) -> Result:
        tensor = args.tensor("input")
        shape = tensor.shape or ()
        if step is None:
            wants_type(name, "floats", wanted_dtype(args, tensor.dtype))
        axes = single_axis(args, shape)
        dtype = wanted_dtype(args, "int64" if is_integral(tensor.dtype) else tensor.dtype)
        if is_complex(tensor.dtype) or step is None or args.bound["dtype"] is not None:
            return Result(TensorSpec(shape, dtype), Opaque(name))
        return Result(TensorSpec(shape, dtype, cast(_accumulated(tensor, axes, step), dtype)), Opaque(name))

    return entry


def _accumulated(tensor: TensorLike, axes: tuple[int, ...], step: object) -> Values:
    shape = tensor.shape or ()
    found = rows(tensor, axes)
    if found is None or not callable(step):
        return None
    if sum(len(row) for row in found) > LIMIT:
        return None
    flat = tuple(value for row in found for value in accumulate(row, step))
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    moved = TensorSpec(tuple(shape[axis] for axis in (*kept, *axes)), tensor.dtype, flat)
    order = [(*kept, *axes).index(axis) for axis in range(len(shape))]
    return rearranged(moved, order)


def _diff(args: Args) -> Result:
    tensor, times = args.tensor("input"), args.integer("n")
    shape = tensor.shape or ()
    if not shape:
        refuse(ProblemKind.RANK, "needs at least one axis, gets a tensor without axes", expected=1, got=0)
    if times < 0:
        refuse(ProblemKind.ARGUMENT, f"cannot take {times} differences", expected=0, got=times)
    if args.given("prepend") or args.given("append"):
        raise Unclear(f"{args.name}: what is put in front or behind is not followed")
    axis = axis_of(args, "dim", len(shape))
    size = shape[axis] - times
    left: Dim = opaque() if isinstance(size, Sym) and not less(0, size) else 0 if less(size, 0) else size
    values = _differences(tensor, times) if len(shape) == 1 else None
    return Result(TensorSpec((*shape[:axis], left, *shape[axis + 1 :]), tensor.dtype, values), Opaque("diff"))


def _differences(tensor: TensorLike, times: int) -> Values:
    """The elements of ``diff`` for a known vector of numbers."""
    if tensor.values is None or tensor.dtype == "bool" or is_complex(tensor.dtype):
        return None
    values = tensor.values
    for _ in range(min(times, len(values))):
        values = tuple(after - before for before, after in pairwise(values))
    return cast(values, tensor.dtype)


def _unique_values(args: Args, tensor: TensorLike) -> list[tuple[Any, int]] | None:
    """The different elements of a tensor of known whole numbers, and how often each occurs (in ``unique_consecutive``:
    in a row). Those of others may be equal to torch and different in doubles."""
    values = tensor.values
    if values is None or args.bound["dim"] is not None or not all(map(_is_whole, values)):
        return None
    in_order = values if args.name == "unique_consecutive" else sorted(values)
    return [(value, len(list(run))) for value, run in groupby(in_order)]


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def _unique(args: Args) -> Result:
    """The number of different elements is known where they are."""
    tensor = args.tensor("input")
    known = _unique_values(args, tensor)
    if known is not None and not args.flag("return_inverse"):
        firsts, counts = tuple(value for value, _ in known), tuple(count for _, count in known)
        unique = TensorSpec((len(known),), tensor.dtype, firsts if args.bound.get("sorted", True) is True else None)
        if not args.flag("return_counts"):
            return Result(unique, Opaque(args.name))
        return Result((unique, TensorSpec((len(known),), "int64", counts)), Opaque(args.name))
    shape = tensor.shape or ()
    size = opaque()
    if args.bound["dim"] is None:
        unique = TensorSpec((size,), tensor.dtype)
        inverse = TensorSpec(shape, "int64")
    else:
        axis = axis_of(args, "dim", len(shape))
        if not shape:
            refuse(ProblemKind.INDEX, "looks along an axis of a tensor without axes", expected=0, got=axis)
        if any(isinstance(old, int) and old == 0 for at, old in enumerate(shape) if at != axis):
            refuse(ProblemKind.ARGUMENT, f"compares empty slices of {shown(shape)}", got=shape)
        unique = TensorSpec((*shape[:axis], size, *shape[axis + 1 :]), tensor.dtype)
        inverse = TensorSpec((shape[axis],), "int64")
    outputs = [unique]
    outputs += [inverse] if args.flag("return_inverse") else []
    outputs += [TensorSpec((size,), "int64")] if args.flag("return_counts") else []
    return Result(outputs[0] if len(outputs) == 1 else tuple(outputs), Opaque(args.name))


def nonzero(args: Args) -> Result:
    """Positions of the elements that are not zero: ``(K, rank)``, or with ``as_tuple`` one ``(K,)`` for each axis."""
    tensor = args.tensor("input")
    rank, values = len(tensor.shape or ()), tensor.values
    found: Dim = opaque() if values is None else sum(map(bool, values))
    if args.flag("as_tuple"):
        return Result(tuple(TensorSpec((found,), "int64") for _ in range(max(rank, 1))), Opaque("nonzero"))
    return Result(TensorSpec((found, rank), "int64"), Opaque("nonzero"))


def _argwhere(args: Args) -> Result:
    return nonzero(Args(args.name, {**args.bound, "as_tuple": False}))


def _isin(args: Args) -> Result:
    given = operand(args, "elements")
    shape = (given.shape or ()) if isinstance(given, TensorLike) else ()
    return Result(TensorSpec(shape, "bool"), Opaque("isin"))


def _search(args: Args) -> Result:
    """``bucketize`` and ``searchsorted``: an index for each value."""
    value = operand(args, "input")
    shape = (value.shape or ()) if isinstance(value, TensorLike) else ()
    dtype = None if args.bound["out_int32"] is not False else "int64"
    return Result(TensorSpec(shape, dtype), Opaque(args.name))


def _searchsorted(args: Args) -> Result:
    args.tensor("sorted_sequence")
    return _search(args)


def _bincount(args: Args) -> Result:
    shape = args.shape("input")
    if len(shape) != 1:
        refuse(ProblemKind.RANK, f"needs one axis, gets {shown(shape)}", expected=1, got=len(shape))
    return Result(TensorSpec((opaque(),), "int64" if args.bound["weights"] is None else None), Opaque("bincount"))


def _histc(args: Args) -> Result:
    bins = args.dim("bins")
    if less(bins, 1):
        refuse(ProblemKind.ARGUMENT, f"needs at least one bin, gets {text_of(bins)}", expected=1, got=bins)
    return Result(TensorSpec((bins,), args.tensor("input").dtype), Opaque("histc"))


_SEARCH = "input, *, out_int32=False, right=False, out=None"
_RUNNING = tuple(both(name, "input, dim, *, dtype=None, out=None", _running(name)) for name in ("cumsum", "cumprod"))

FUNCTIONS: tuple[FunctionSpec, ...] = (
    both("sort", "input, dim=-1, descending=False, stable=False, *, out=None", _sort),
    both("argsort", "input, dim=-1, descending=False, stable=False", _argsort),
    both("msort", "input, *, out=None", _msort),
    both("topk", "input, k, dim=-1, largest=True, sorted=True, *, out=None", _topk),
    *_RUNNING,
    *map(in_place, _RUNNING),
    both("logcumsumexp", "input, dim, *, dtype=None, out=None", _running("logcumsumexp")),
    both("diff", "input, n=1, dim=-1, prepend=None, append=None, *, out=None", _diff),
    both("unique", "input, sorted=True, return_inverse=False, return_counts=False, dim=None", _unique),
    both("unique_consecutive", "input, return_inverse=False, return_counts=False, dim=None", _unique),
    both("nonzero", "input, *, as_tuple=False, out=None", nonzero),
    both("argwhere", "input", _argwhere),
    function("isin", "elements, test_elements, *, assume_unique=False, invert=False", _isin),
    function("bucketize", _SEARCH.replace(",", ", boundaries,", 1), _search),
    function("searchsorted", f"sorted_sequence, {_SEARCH}, side=None, sorter=None", _searchsorted),
    both("bincount", "input, weights=None, minlength=0", _bincount),
    both("histc", "input, bins=100, min=0, max=0, *, out=None", _histc),
)  # fmt: skip
