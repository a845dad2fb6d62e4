"""Element type, device and memory: ``to``, ``float``, ``cuda``, ``contiguous``, ``detach``, ``clone``."""

from __future__ import annotations

from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Identity
from cnnlint.ops.spec import UNKNOWN, Args, FunctionSpec, Result, TensorLike, TensorSpec, Unclear, refuse
from cnnlint.ops.tensors.define import both, method
from cnnlint.ops.tensors.dtypes import DEFAULT, dtype_named, is_integral
from cnnlint.ops.tensors.values import cast


def converted(name: str, tensor: TensorLike, dtype: str | None) -> Result:
    """``tensor`` with the element type ``dtype``."""
    values = tensor.values if dtype == tensor.dtype else cast(tensor.values, dtype)
    return Result(TensorSpec(tensor.shape, dtype, values), Identity(name))


def _to(args: Args) -> Result:
    tensor = args.tensor("input")
    given = [*args["args"], args.bound.get("dtype"), args.bound.get("other")]
    dtype: str | None = tensor.dtype
    for value in given:
        if isinstance(value, TensorLike):
            dtype = value.dtype
        elif dtype_named(value) is not None:
            dtype = dtype_named(value)
        elif value is UNKNOWN:
            return converted("to", tensor, None)
    return converted("to", tensor, dtype)


def _cast(name: str, dtype: str) -> FunctionSpec:
    def entry(args: Args) -> Result:
        return converted(name, args.tensor("input"), dtype)

    return method(name, "input, memory_format=None", entry)


def _kept(args: Args) -> Result:
    tensor = args.tensor("input")
    return converted(args.name, tensor, tensor.dtype)


_CASTS = {
    "float": "float32", "double": "float64", "half": "float16", "bfloat16": "bfloat16", "long": "int64",
    "int": "int32", "short": "int16", "char": "int8", "byte": "uint8", "bool": "bool", "cfloat": "complex64",
    "cdouble": "complex128",
}  # fmt: skip

_KEPT = {
    "contiguous": "input, memory_format=None",
    "cpu": "input, memory_format=None",
    "cuda": "input, device=None, non_blocking=False, memory_format=None",
    "pin_memory": "input, device=None",
    "data": "input",
    "detach_": "input",
    "share_memory_": "input",
}


def _type(args: Args) -> Result:
    tensor, given = args.tensor("input"), args.bound["dtype"]
    if given is None:
        raise Unclear(f"{args.name}: asks for the name of the type")
    if isinstance(given, str) and given.endswith("Tensor"):
        given = "torch." + given.rpartition(".")[2].removesuffix("Tensor").lower()
    return converted("type", tensor, dtype_named(given))


def _type_as(args: Args) -> Result:
    return converted("type_as", args.tensor("input"), args.tensor("other").dtype)


def _requires_grad(args: Args) -> Result:
    tensor = args.tensor("input")
    if args.flag("requires_grad") and is_integral(tensor.dtype):
        text = f"cannot have gradients of {tensor.dtype} elements"
        refuse(ProblemKind.DTYPE, text, expected=DEFAULT, got=tensor.dtype)
    return converted("requires_grad_", tensor, tensor.dtype)


FUNCTIONS: tuple[FunctionSpec, ...] = (
    method("to", "input, *args, dtype=None, device=None, other=None, non_blocking=False, copy=False,"
           " memory_format=None", _to),
    *(_cast(name, dtype) for name, dtype in _CASTS.items()),
    *(method(name, signature, _kept) for name, signature in _KEPT.items()),
    method("type", "input, dtype=None, non_blocking=False", _type),
    method("requires_grad_", "input, requires_grad=True", _requires_grad),
    method("type_as", "input, other", _type_as),
    method("numpy", "input, *, force=False", _kept),
    both("detach", "input", _kept),
    both("clone", "input, *, memory_format=None", _kept),
)  # fmt: skip
