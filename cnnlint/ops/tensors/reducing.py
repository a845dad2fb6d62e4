"""Reductions over axes: ``mean``, ``sum``, ``amax``, ``max``, ``argmax``, ``std``, ``norm`` and kin."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cnnlint.graph.dims import Shape
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Reduction
from cnnlint.ops.reading import axis_of, shown
from cnnlint.ops.spec import Args, Entry, FunctionSpec, Result, TensorSpec, refuse
from cnnlint.ops.tensors.define import both
from cnnlint.ops.tensors.dtypes import is_complex, is_integral, to_float, to_real, wanted_dtype
from cnnlint.ops.tensors.sizes import axes_of
from cnnlint.ops.tensors.values import Values, cast, compute, rows


def reduced_shape(shape: Shape, axes: Sequence[int], keepdim: bool) -> Shape:
    """``shape`` without ``axes``, or with 1 in their places."""
    if keepdim:
        return tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in axes)


def reduced_axes(args: Args, shape: Shape, key: str = "dim") -> tuple[int, ...]:
    """The axes given, sorted; all of them for ``None`` and, as torch has it, for ``()``."""
    if args.bound[key] is None or args.bound[key] in ((), []):
        return tuple(range(len(shape)))
    axes = axes_of(args, key, len(shape))
    return tuple(sorted(axes)) if shape else ()


@dataclass(frozen=True, slots=True)
class Rule:
    """How a reduction behaves: ``result`` is its element type (``same``, ``float``, ``int64``, ``wide`` for integers
    that become int64, ``bool``), ``takes`` what it accepts, ``empty`` whether it has a value for no elements."""

    compute: Callable[[Sequence[Any]], Any] | None
    result: str = "same"
    takes: str = "any"
    empty: bool = True


def _mean(values: Sequence[Any]) -> float:
    return math.fsum(values) / len(values)


def _any(values: Sequence[Any]) -> bool:
    return any(values)


RULES = {
    "sum": Rule(sum, "wide"),
    "nansum": Rule(None, "wide", "real"),
    "mean": Rule(_mean, takes="floats"),
    "nanmean": Rule(None, takes="floats"),
    "amax": Rule(max, takes="real", empty=False),
    "amin": Rule(min, takes="real", empty=False),
    "logsumexp": Rule(None, "float"),
    "all": Rule(all, "flag"),
    "any": Rule(_any, "flag"),
    "count_nonzero": Rule(lambda values: sum(map(bool, values)), "int64"),
    "std": Rule(None, "real", "floats"),
    "var": Rule(None, "real", "floats"),
    "norm": Rule(None, "real", "floats"),
    "prod": Rule(math.prod, "wide"),
}


def reduce(name: str, args: Args, axes: tuple[int, ...], keepdim: bool) -> Result:
    """The reduction ``name`` of the input over ``axes``."""
    tensor = args.tensor("input")
    rule, shape = RULES[name], tensor.shape or ()
    _wants(rule, name, wanted_dtype(args, tensor.dtype))
    if not rule.empty and any(isinstance(shape[axis], int) and shape[axis] == 0 for axis in axes):
        refuse(ProblemKind.ARGUMENT, f"takes {name} of no elements: {shown(shape)}", got=shape)
    out = wanted_dtype(args, _result_type(rule, tensor.dtype))
    target = reduced_shape(shape, axes, keepdim)
    found = rows(tensor, axes)
    known: Values = None if found is None or is_complex(tensor.dtype) else compute(rule.compute, found)
    return Result(TensorSpec(target, out, cast(known, out)), Reduction(name, axes, keepdim))


def _wants(rule: Rule, name: str, dtype: str | None) -> None:
    if (rule.takes == "floats" and is_integral(dtype)) or (rule.takes == "real" and is_complex(dtype)):
        refuse(ProblemKind.DTYPE, f"cannot compute {name} of {dtype} tensors", expected="float32", got=dtype)


def _result_type(rule: Rule, dtype: str | None) -> str | None:
    match rule.result:
        case "wide":
            return "int64" if is_integral(dtype) else dtype
        case "float":
            return to_float(dtype)
        case "real":
            return to_real(dtype)
        case "flag":
            return None if dtype is None else "uint8" if dtype == "uint8" else "bool"
        case "int64":
            return "int64"
        case _:
            return dtype


def _entry(name: str) -> Entry:
    def entry(args: Args) -> Result:
        tensor = args.tensor("input")
        if name == "logsumexp" and args.bound["dim"] is None:
            refuse(ProblemKind.ARGUMENT, "needs axes, gets none")
        none = name in ("all", "any") and args.bound["dim"] in ((), [])
        axes = () if none else reduced_axes(args, tensor.shape or ())
        keepdim = args.flag("keepdim") if "keepdim" in args.bound else False
        return reduce(name, args, axes, keepdim)

    return entry


def _one_axis(name: str) -> Entry:
    """A reduction that takes a single axis or none."""

    def entry(args: Args) -> Result:
        tensor = args.tensor("input")
        shape = tensor.shape or ()
        axes: tuple[int, ...] = tuple(range(len(shape)))
        if args.bound["dim"] is not None:
            axes = (axis_of(args, "dim", len(shape)),) if shape else ()
        return reduce(name, args, axes, args.flag("keepdim"))

    return entry


_DIMS = "input, dim=None, keepdim=False, *, dtype=None, out=None"

FUNCTIONS: tuple[FunctionSpec, ...] = (
    *(both(name, _DIMS, _entry(name)) for name in ("sum", "nansum", "mean", "nanmean")),
    both("prod", _DIMS, _one_axis("prod")),
    both("amax", "input, dim=(), keepdim=False, *, out=None", _entry("amax")),
    both("amin", "input, dim=(), keepdim=False, *, out=None", _entry("amin")),
    both("logsumexp", "input, dim, keepdim=False, *, out=None", _entry("logsumexp")),
    both("all", "input, dim=None, keepdim=False, *, out=None", _entry("all")),
    both("any", "input, dim=None, keepdim=False, *, out=None", _entry("any")),
    both("count_nonzero", "input, dim=None", _entry("count_nonzero")),
)
