"""Tensors made from numbers: ``tensor``, ``arange``, ``linspace``, ``logspace``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cnnlint.graph.dims import Dim, Shape, Sym, ceil_div, less, lower, opaque
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Factory
from cnnlint.ops.spec import UNKNOWN, Args, Entry, FunctionSpec, Result, TensorLike, TensorSpec, Unclear, refuse
from cnnlint.ops.tensors.define import function, method
from cnnlint.ops.tensors.dtypes import DEFAULT, is_integral, number_dtype, promote, wanted_dtype
from cnnlint.ops.tensors.factories import OPTIONS, made, own_dtype
from cnnlint.ops.tensors.operands import operand
from cnnlint.ops.tensors.sizes import sizes_from, wants_sizes
from cnnlint.ops.tensors.values import LIMIT, Values, cast, compute


def _number(args: Args, key: str) -> Any:
    """A number, a size, or the element of a tensor without axes; ``UNKNOWN`` where it is not known."""
    if args.bound[key] is UNKNOWN:
        return UNKNOWN
    value = operand(args, key)
    if not isinstance(value, TensorLike):
        return value
    if value.shape != ():
        refuse(ProblemKind.RANK, f"needs a number for {key}, gets a tensor", expected=0, got=len(value.shape or ()))
    return value.values[0] if value.values else UNKNOWN


def _arange(args: Args) -> Result:
    given = list(args["bounds"])
    names = ("start", "end", "step") if len(given) != 1 or args.given("end") else ("end",)
    bound = {"start": 0, "end": None, "step": 1}
    bound |= {name: args.bound[name] for name in bound if args.given(name)}
    bound |= dict(zip(names, given, strict=False))
    if len(given) > 3 or bound["end"] is None:
        refuse(ProblemKind.SIGNATURE, "needs an end, and no more than start, end and step")
    start, end, step = (_number(Args(args.name, bound), key) for key in ("start", "end", "step"))
    dtype = wanted_dtype(args, _range_dtype((start, end, step)))
    length = _steps(start, end, step)
    values = None
    if isinstance(length, int) and length <= LIMIT and not any(isinstance(value, Sym) for value in (start, step)):
        values = compute(lambda index: start + index * step, range(length))
    return Result(TensorSpec((length,), dtype, cast(values, dtype)), Factory("arange"))


def _range_dtype(bounds: Sequence[Any]) -> str | None:
    if any(bound is UNKNOWN for bound in bounds):
        return None
    return DEFAULT if any(isinstance(bound, float) for bound in bounds) else "int64"


def _steps(start: Any, end: Any, step: Any) -> Dim:
    bounds = (start, end, step)
    if any(isinstance(bound, complex) for bound in bounds):
        refuse(ProblemKind.ARGUMENT, "needs real bounds")
    if isinstance(step, int | float) and step == 0:
        refuse(ProblemKind.ARGUMENT, "needs a step other than zero", got="0")
    if any(bound is UNKNOWN for bound in bounds):
        return opaque()
    if any(isinstance(bound, float) for bound in bounds):
        return _real_steps(start, end, step)
    gap = end - start
    if (less(0, step) and less(gap, 0)) or (less(step, 0) and less(0, gap)):
        refuse(ProblemKind.ARGUMENT, "has an end on the wrong side of its start for this step", expected=start, got=end)
    if less(0, step):
        return ceil_div(gap, step) if lower(gap) >= 0 else opaque()
    return ceil_div(-gap, -step) if isinstance(step, int) and lower(-gap) >= 0 else opaque()


def _real_steps(start: Any, end: Any, step: Any) -> Dim:
    if any(isinstance(bound, Sym) for bound in (start, end, step)):
        return opaque()
    if not all(abs(bound) < math.inf for bound in (start, end)) or math.isnan(step):
        refuse(ProblemKind.ARGUMENT, "needs finite bounds")
    steps = (end - start) / step
    if steps < 0:
        refuse(ProblemKind.ARGUMENT, "has an end on the wrong side of its start for this step")
    return math.ceil(steps) if steps < 2**62 else opaque()


def _spaced(args: Args) -> tuple[Any, Any, Dim]:
    steps = args.dim("steps")
    if less(steps, 0):
        refuse(ProblemKind.ARGUMENT, "needs a number of steps that is not negative", expected=0, got=steps)
    return _number(args, "start"), _number(args, "end"), steps


def _points(start: Any, end: Any, steps: Dim) -> Values:
    """``steps`` numbers from ``start`` to ``end``, computed from either end as torch does."""
    numbers = all(isinstance(bound, int | float) for bound in (start, end))
    if not numbers or isinstance(steps, Sym) or steps > LIMIT:
        return None
    if steps == 1:
        return (start,)
    step = (end - start) / (steps - 1) if steps else 0.0
    half = steps // 2
    return tuple(start + step * at if at < half else end - step * (steps - 1 - at) for at in range(steps))


def _linspace(args: Args) -> Result:
    start, end, steps = _spaced(args)
    dtype = wanted_dtype(args, DEFAULT)
    values = None if is_integral(dtype) else _points(start, end, steps)
    return Result(TensorSpec((steps,), dtype, cast(values, dtype)), Factory("linspace"))


def _logspace(args: Args) -> Result:
    start, end, steps = _spaced(args)
    base, points = _number(args, "base"), _points(start, end, steps)
    values = (
        compute(lambda power: base**power, points) if points and isinstance(base, int | float) and base > 0 else None
    )
    dtype = wanted_dtype(args, DEFAULT)
    values = None if is_integral(dtype) else values
    return Result(TensorSpec((steps,), dtype, cast(values, dtype)), Factory("logspace"))


def from_data(data: Any, name: str) -> Result:
    """A tensor of the numbers in nested lists, or of another tensor's."""
    if isinstance(data, TensorLike):
        return Result(TensorSpec(data.shape, data.dtype, data.values), Factory(name))
    shape, leaves = _unnested(data, name)
    dtype = _leaves_dtype(leaves)
    known = None if any(isinstance(leaf, Sym | TensorLike) for leaf in leaves) else tuple(leaves)
    values = cast(known, dtype) if len(leaves) <= LIMIT else None
    return Result(TensorSpec(shape, dtype, values), Factory(name))


def retyped(result: Result, dtype: str | None) -> Result:
    """The same tensor with the element type ``dtype``."""
    made_of: TensorSpec = result.output
    return Result(TensorSpec(made_of.shape, dtype, cast(made_of.values, dtype)), result.op)


def _unnested(data: Any, name: str) -> tuple[Shape, list[Any]]:
    """The shape and the numbers of nested lists, flat."""
    shape: list[Dim] = []
    level = [data]
    while level and all(isinstance(part, list | tuple | range) for part in level) and len(shape) < 64:
        lengths = {len(part) for part in level}
        if len(lengths) > 1:
            refuse(ProblemKind.ARGUMENT, f"gets lists of different lengths on axis {len(shape)}")
        shape.append(len(level[0]))
        if len(level) * len(level[0]) > 10**6:
            raise Unclear(f"{name}: too many numbers")
        level = [inner for part in level for inner in part]
    leaves = [_leaf(part, name) for part in level]
    inner = {leaf.shape for leaf in leaves if isinstance(leaf, TensorLike)}
    if inner - {()}:
        raise Unclear(f"{name}: holds tensors")
    return tuple(shape), [_scalar(leaf) for leaf in leaves]


def _scalar(leaf: Any) -> Any:
    return leaf.values[0] if isinstance(leaf, TensorLike) and leaf.values else leaf


def _leaf(part: Any, name: str) -> Any:
    if isinstance(part, bool | int | float | complex | Sym | TensorLike):
        return part
    if isinstance(part, str | bytes | list | tuple | dict | set | range | None):
        refuse(ProblemKind.ARGUMENT, f"needs numbers, gets {type(part).__name__}")
    raise Unclear(f"{name}: the numbers are not known")


def _leaves_dtype(leaves: Sequence[Any]) -> str | None:
    if not leaves:
        return DEFAULT
    found: str | None = "bool"
    for leaf in leaves:
        found = promote(found, leaf.dtype if isinstance(leaf, TensorLike) else number_dtype(leaf))
    return found


def _tensor(name: str) -> Entry:
    def entry(args: Args) -> Result:
        result = from_data(args["data"], name)
        return result if args.bound["dtype"] is None else retyped(result, wanted_dtype(args, None))

    return entry


def _scalar_tensor(args: Args) -> Result:
    return retyped(from_data(args["data"], "scalar_tensor"), wanted_dtype(args, DEFAULT))


def _constructor(name: str, dtype: str) -> FunctionSpec:
    """``torch.Tensor`` and its older siblings: sizes, or data in a list."""

    def entry(args: Args) -> Result:
        given = args["size"]
        if len(given) == 1 and isinstance(given[0], list | tuple | TensorLike):
            return retyped(from_data(given[0], name), dtype)
        shape = wants_sizes(sizes_from(args, "size")) if given else (0,)
        return made(name, shape, dtype)

    return function(name, "*size, device=None", entry)


def _new_tensor(args: Args) -> Result:
    return retyped(from_data(args["data"], "new_tensor"), own_dtype(args))


_CLASSES = {
    "Tensor": "float32", "FloatTensor": "float32", "DoubleTensor": "float64", "HalfTensor": "float16",
    "LongTensor": "int64", "IntTensor": "int32", "ShortTensor": "int16", "ByteTensor": "uint8", "BoolTensor": "bool",
}  # fmt: skip

FUNCTIONS: tuple[FunctionSpec, ...] = (
    function("arange", f"*bounds, start=None, end=None, step=None, {OPTIONS}", _arange),
    function("linspace", f"start, end, steps, *, {OPTIONS}", _linspace),
    function("logspace", f"start, end, steps, base=10.0, *, {OPTIONS}", _logspace),
    function("tensor", "data, *, dtype=None, device=None, requires_grad=False, pin_memory=False", _tensor("tensor")),
    function("as_tensor", "data, dtype=None, device=None", _tensor("as_tensor"), "asarray"),
    function("scalar_tensor", f"data, *, {OPTIONS}", _scalar_tensor),
    function("from_numpy", "data, *, dtype=None", _tensor("from_numpy")),
    method("new_tensor", "input, data, *, dtype=None, device=None, requires_grad=False", _new_tensor),
    *(_constructor(name, dtype) for name, dtype in _CLASSES.items()),
)
