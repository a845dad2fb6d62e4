"""What stands on either side of an element-wise operation: tensors and Python numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cnnlint.graph.dims import Shape, Sym
from cnnlint.graph.model import ProblemKind
from cnnlint.ops.spec import UNKNOWN, Args, TensorLike, Unclear, refuse
from cnnlint.ops.tensors.values import Values, compute, expand, filled

_NEVER = (str, bytes, list, tuple, dict, set, type(None))


def operand(args: Args, key: str, scalar: bool = True) -> Any:
    """A tensor of known rank, or a number (a :class:`Sym` too) where ``scalar`` allows it.

    Raises :class:`Unclear` for what may be either, :class:`Refused` for what is neither."""
    value = args[key]
    if isinstance(value, TensorLike):
        return args.tensor(key)
    number = isinstance(value, bool | int | float | complex | Sym)
    if isinstance(value, _NEVER) or (number and not scalar):
        wanted = "a tensor or a number" if scalar else "a tensor"
        refuse(ProblemKind.ARGUMENT, f"needs {wanted} for {key}, gets {type(value).__name__}")
    if not number:
        raise Unclear(f"{args.name}: {key} is not known")
    return value


def wants_tensor(operands: Sequence[Any]) -> None:
    """Refuse a call without any tensor."""
    if not any(isinstance(value, TensorLike) for value in operands):
        refuse(ProblemKind.ARGUMENT, "needs a tensor, gets numbers only")


def shapes(operands: Sequence[Any]) -> list[Shape]:
    """The shapes of the operands; a number has no axes."""
    return [(value.shape or ()) if isinstance(value, TensorLike) else () for value in operands]


def computed(function: Callable[..., Any] | None, operands: Sequence[Any], shape: Shape) -> Values:
    """``function`` of the operands at each position of ``shape``, where all elements are known."""
    if any(isinstance(value, TensorLike) and value.values is None for value in operands):
        return None
    columns = []
    for value in operands:
        column = expand(value, shape) if isinstance(value, TensorLike) else filled(shape, value)
        if column is None:
            return None
        columns.append(column)
    return compute(function, *columns)


def real(args: Args, key: str) -> Any:
    """A number, ``None`` where it is not known (or is ``None``)."""
    value = args.bound[key]
    if value is UNKNOWN or value is None or isinstance(value, Sym):
        return None
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, TensorLike):
        return value.values[0] if value.values is not None and len(value.values) == 1 else None
    if isinstance(value, _NEVER):
        refuse(ProblemKind.ARGUMENT, f"{key} must be a number, gets {type(value).__name__}", got=repr(value))
    return None
