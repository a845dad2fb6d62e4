"""Which :class:`~cnnlint.graph.operations.Operation` a traced call is.

The ops table is asked for the geometry that rules match on, never for shapes or multiply-adds: those are the worker's
measurements, so that a wrong entry of the table cannot confirm itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnnlint import ops
from cnnlint.graph.operations import Convolution, Dense, Factory, Opaque, Operation, Recurrent
from cnnlint.ops.apply import apply_function, call_layer
from cnnlint.ops.spec import LayerState, Refused, Result, Unclear

_PYTHON_OPERATORS = frozenset({"pow", "floordiv", "truediv", "mod", "matmul", "lshift", "rshift", "and", "or", "xor"})

OPERATORS: Mapping[str, str] = {
    "linear": "linear", "matmul": "matmul", "mm": "mm", "bmm": "bmm", "addmm": "addmm", "baddbmm": "baddbmm",
    "einsum": "einsum", "scaled_dot_product_attention": "scaled_dot_product_attention",
    **{f"conv{axes}d": "conv" for axes in (1, 2, 3)}, **{f"conv_transpose{axes}d": "conv" for axes in (1, 2, 3)},
}  # fmt: skip
"""Torch function to fvcore's operator name."""

_KERNELS = {
    "convolution": "conv", "_convolution": "conv", "addmm": "linear", "mm": "linear", "bmm": "matmul",
    "baddbmm": "matmul",
}  # fmt: skip


def operator_macs(function: str, op: Operation, kernels: Mapping[str, int]) -> dict[str, int]:
    """Multiply-adds by fvcore's operator name: that of the function or layer where it is one operator, else that of
    each of the ``kernels`` torch ran for it."""
    found: dict[str, int] = {}
    own = OPERATORS.get(function) or _operator_of(op)
    for kernel, amount in kernels.items():
        attention = "scaled_dot_product_attention" if "scaled_dot_product" in kernel else kernel
        name = own or _KERNELS.get(kernel, attention)
        if amount:
            found[name] = found.get(name, 0) + amount
    return found


def _operator_of(op: Operation) -> str | None:
    match op:
        case Convolution():
            return "conv"
        case Dense():
            return "linear"
        case Recurrent():
            return op.name
        case _:
            return None


def layer_operation(
    path: str, attributes: Mapping[str, Any], tensors: Sequence[tuple[str, tuple[int, ...] | None, bool]],
    args: Sequence[Any], kwargs: Mapping[str, Any],
) -> Operation:  # fmt: skip
    """The operation of a call of torch's layer ``path`` with these attributes, parameters and buffers."""
    spec = ops.layer(path)
    name = path.rpartition(".")[2]
    if spec is None:
        return Opaque(name)
    state = LayerState(
        dict(attributes),
        {key: shape for key, shape, learned in tensors if learned},
        {key: shape for key, shape, learned in tensors if not learned},
    )
    try:
        return _operation(call_layer(spec, state, args, kwargs), name, bool(args or kwargs))
    except Refused as refused:
        return _operation(refused.result, name, bool(args or kwargs))
    except (Unclear, KeyError):
        return Opaque(name)


def function_operation(name: str, args: Sequence[Any], kwargs: Mapping[str, Any], has_inputs: bool) -> Operation:
    """The operation of a call of the torch function or method with the full name ``name``."""
    short = name.rpartition(".")[2]
    key, args = _table_name(name, args)
    spec = ops.function(key)
    if spec is None:
        return Opaque(short) if has_inputs else Factory(short)
    try:
        return _operation(apply_function(spec, args, kwargs), short, has_inputs)
    except Refused as refused:
        return _operation(refused.result, short, has_inputs)
    except Unclear:
        return Opaque(short)


def _operation(result: Result | None, name: str, has_inputs: bool) -> Operation:
    if result is None or result.op is None:
        return Opaque(name) if has_inputs else Factory(name)
    return result.op


def _table_name(name: str, args: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """The name that the table has for it: Python's operators stand under ``operator``, reflected ones turned round."""
    if name.startswith("torch.functional."):
        return "torch." + name.removeprefix("torch.functional."), args
    if not (name.startswith("Tensor.__") and name.endswith("__")):
        return name, args
    word = name.removeprefix("Tensor.").strip("_")
    reflected = word.removeprefix("r")
    if word.startswith("r") and (reflected in _PYTHON_OPERATORS or reflected in ("sub", "add", "mul", "div")):
        return f"operator.{'truediv' if reflected == 'div' else reflected}", [*reversed(args[:2])]
    return f"operator.{word}", args
