"""Element-wise functions with further arguments: bounds, masks, choices, interpolation."""

from __future__ import annotations

from typing import Any

from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Elementwise
from cnnlint.ops.reading import like
from cnnlint.ops.spec import Args, Entry, FunctionSpec, Result, TensorLike, TensorSpec, refuse
from cnnlint.ops.tensors.broadcasting import wants_broadcast
from cnnlint.ops.tensors.define import both, function, in_place, method
from cnnlint.ops.tensors.dtypes import result_type, to_float
from cnnlint.ops.tensors.elementwise import wants_type
from cnnlint.ops.tensors.operands import computed, operand, real, shapes
from cnnlint.ops.tensors.sorting import nonzero
from cnnlint.ops.tensors.values import cast, compute


def _clamp(args: Args) -> Result:
    bounds = [operand(args, key) for key in ("min", "max") if args.given(key)]
    tensor = args.tensor("input")
    if not bounds:
        refuse(ProblemKind.ARGUMENT, "needs min or max")
    wants_type("clamp", "real", tensor.dtype)
    operands = [tensor, *bounds]
    dtype, shape = result_type(operands), wants_broadcast(shapes(operands))
    known = computed(_bounded(args.given("min"), args.given("max")), operands, shape)
    return Result(TensorSpec(shape, dtype, cast(known, dtype)), Elementwise("clamp"))


def _bounded(low: bool, high: bool) -> Any:
    if low and high:
        return lambda value, least, most: min(max(value, least), most)
    return max if low else min


def _clamp_one(key: str, other: str) -> Entry:
    def entry(args: Args) -> Result:
        return _clamp(Args(args.name, {**args.bound, other: None}))

    return entry


def _round(args: Args) -> Result:
    tensor, decimals = args.tensor("input"), real(args, "decimals")
    wants_type("round", "floats" if decimals else "real", tensor.dtype)
    known = None if tensor.values is None or decimals is None else _rounded(tensor.values, decimals)
    return Result(TensorSpec(tensor.shape, tensor.dtype, cast(known, tensor.dtype)), Elementwise("round"))


def _rounded(values: tuple[Any, ...], decimals: int) -> tuple[Any, ...] | None:
    if decimals:
        return compute(lambda value: round(value, decimals) if abs(decimals) < 20 else None, values)
    return compute(lambda value: round(value) if abs(value) < 1e18 else value, values)


def _where(args: Args) -> Result:
    if args.bound["self"] is None and args.bound["other"] is None:
        return nonzero(Args(args.name, {"input": args["condition"], "as_tuple": True}))
    condition, left, right = operand(args, "condition", False), operand(args, "self"), operand(args, "other")
    if condition.dtype not in (None, "bool", "uint8"):
        refuse(
            ProblemKind.DTYPE, f"needs a bool condition, gets {condition.dtype}", expected="bool", got=condition.dtype
        )
    operands = (condition, left, right)
    dtype, shape = result_type((left, right)), wants_broadcast(shapes(operands))
    known = computed(lambda test, yes, no: yes if test else no, operands, shape)
    return Result(TensorSpec(shape, dtype, cast(known, dtype)), Elementwise("where"))


def _method_where(args: Args) -> Result:
    return _where(Args(args.name, {"condition": args["condition"], "self": args["input"], "other": args["other"]}))


def _masked_fill(args: Args) -> Result:
    tensor, mask, value = args.tensor("input"), args.tensor("mask"), operand(args, "value")
    if mask.dtype not in (None, "bool"):
        refuse(ProblemKind.DTYPE, f"needs a bool mask, gets {mask.dtype}", expected="bool", got=mask.dtype)
    if isinstance(value, TensorLike) and value.shape != ():
        refuse(ProblemKind.RANK, "needs a value without axes", expected=0, got=len(value.shape or ()))
    shape = wants_broadcast(shapes((tensor, mask)))
    known = computed(lambda old, masked, new: new if masked else old, (tensor, mask, value), shape)
    return Result(TensorSpec(shape, tensor.dtype, cast(known, tensor.dtype)), Elementwise("masked_fill", linear=True))


def _lerp(args: Args) -> Result:
    operands = [operand(args, "input", False), operand(args, "end", False), operand(args, "weight")]
    return Result(TensorSpec(wants_broadcast(shapes(operands)), operands[0].dtype), Elementwise("lerp"))


def _addc(name: str) -> Entry:
    def entry(args: Args) -> Result:
        operands = [operand(args, key, False) for key in ("input", "tensor1", "tensor2")]
        return Result(TensorSpec(wants_broadcast(shapes(operands)), result_type(operands)), Elementwise(name))

    return entry


def _kept(name: str, takes: str = "any", linear: bool = False) -> Entry:
    """A function that keeps shape and element type."""

    def entry(args: Args) -> Result:
        tensor = args.tensor("input")
        wants_type(name, takes, tensor.dtype)
        return Result(like(tensor), Elementwise(name, linear=linear))

    return entry


def _logit(args: Args) -> Result:
    tensor = args.tensor("input")
    return Result(TensorSpec(tensor.shape, to_float(tensor.dtype)), Elementwise("logit"))


def _close(args: Args) -> Result:
    shape = wants_broadcast([args.shape("input"), args.shape("other")])
    return Result(TensorSpec(shape, "bool"), Elementwise("isclose"))


_CLAMP = both("clamp", "input, min=None, max=None, *, out=None", _clamp, "clip")
_ROUND = both("round", "input, *, decimals=0, out=None", _round)
_MASKED_FILL = both("masked_fill", "input, mask, value", _masked_fill)
_WRITING = (
    _CLAMP,
    both("clamp_min", "input, min, *, out=None", _clamp_one("min", "max")),
    both("clamp_max", "input, max, *, out=None", _clamp_one("max", "min")),
    _ROUND,
    _MASKED_FILL,
    both("lerp", "input, end, weight, *, out=None", _lerp),
    both("addcmul", "input, tensor1, tensor2, *, value=1, out=None", _addc("addcmul")),
    both("addcdiv", "input, tensor1, tensor2, *, value=1, out=None", _addc("addcdiv")),
    both("nan_to_num", "input, nan=0.0, posinf=None, neginf=None, *, out=None", _kept("nan_to_num")),
    both("logit", "input, eps=None, *, out=None", _logit),
)

FUNCTIONS: tuple[FunctionSpec, ...] = (
    *_WRITING,
    *(in_place(spec) for spec in _WRITING),
    function("where", "condition, self=None, other=None, *, out=None", _where),
    method("where", "input, condition, other", _method_where),
    both("isclose", "input, other, rtol=1e-05, atol=1e-08, equal_nan=False", _close),
)
