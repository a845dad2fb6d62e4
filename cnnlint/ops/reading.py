"""Reading arguments the way torch does, and the refusals that many entries share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnnlint.graph.dims import Dim, Shape, Sym, differ, less, opaque, show
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Axes
from cnnlint.ops.spec import UNKNOWN, Args, LayerState, Result, TensorLike, TensorSpec, Unclear, refuse

_INTEGERS = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"})


def count(value: Dim, noun: str) -> str:
    """``64 input channels``, ``1 axis``."""
    plural = {"axis": "axes", "class": "classes"}.get(noun, noun + "s")
    return f"{show(value) or 'an unknown number of'} {noun if value == 1 else plural}"


def named(value: Dim) -> str:
    return show(value) or "an unknown size"


def shown(shape: Sequence[Dim]) -> str:
    """``(N, 3, 32, 32)``, unknown sizes as ``?``."""
    return "(" + ", ".join(show(size) or "?" for size in shape) + ("," if len(shape) == 1 else "") + ")"


def floating(tensor: TensorLike) -> bool:
    """Whether the element type may be a floating one."""
    return tensor.dtype not in _INTEGERS


def wants_floating(tensor: TensorLike) -> None:
    """Refuse an input of integers."""
    if not floating(tensor):
        text = f"needs floating-point input, gets {tensor.dtype}"
        refuse(ProblemKind.DTYPE, text, got=tensor.dtype)


def per_axis(args: Args, key: str, axes: int, low: int | None = None) -> Axes:
    """One number for each axis, each at least ``low``; a single one, bare or in a list, stands for all axes."""
    value = args.bound[key]
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    sizes = Args(args.name, {key: value}).axes(key, axes)
    if low is not None:
        for size in sizes:
            at_least(key, size, low)
    return sizes


def ntuple(value: Any, axes: int) -> Any:
    """``value`` as layers store it: repeated for each axis unless it is a sequence already."""
    if value is UNKNOWN:
        return tuple(opaque() for _ in range(axes))
    return tuple(value) if isinstance(value, list | tuple | str) else (value,) * axes


def size_of(args: Args, key: str, low: int = 0) -> Dim:
    """A number of channels, features or groups."""
    value = args.dim(key)
    at_least(key, value, low)
    return value


def at_least(key: str, value: Dim, low: int) -> None:
    if less(value, low):
        refuse(ProblemKind.ARGUMENT, f"{key} must be at least {low}, gets {named(value)}", expected=low, got=value)


def number(args: Args, key: str) -> float | None:
    """A real number; ``None`` where it is not known."""
    value = args.bound[key]
    if value is UNKNOWN or isinstance(value, Sym | TensorLike):
        return None
    if not isinstance(value, int | float):
        refuse(ProblemKind.ARGUMENT, f"{key} must be a number, gets {value!r}", got=repr(value))
    return value


def probability(args: Args, key: str = "p") -> float | None:
    """A number from 0 to 1; ``None`` where it is not known."""
    value = number(args, key)
    if value is not None and not 0 <= value <= 1:
        refuse(ProblemKind.ARGUMENT, f"{key} must lie between 0 and 1, gets {value}", got=repr(value))
    return value


def choice(args: Args, key: str, allowed: Sequence[str]) -> str:
    """One of a few words."""
    value = args[key]
    if not isinstance(value, str) or value not in allowed:
        words = ", ".join(map(repr, allowed))
        refuse(ProblemKind.ARGUMENT, f"{key} must be one of {words}, gets {value!r}", got=repr(value))
    return value


def maybe(args: Args, key: str) -> bool | None:
    """A truth value; ``None`` where it is not known."""
    value = args.bound[key]
    return None if value is UNKNOWN or isinstance(value, Sym) else bool(value)


def wants_rank(shape: Shape, *ranks: int, axes: str = "") -> None:
    """Refuse a tensor whose number of axes is none of ``ranks``."""
    if len(shape) in ranks:
        return
    words = " or ".join(map(str, ranks))
    layout = f" {axes}" if axes else ""
    refuse(
        ProblemKind.RANK,
        f"expects a tensor with {words} axes{layout}, gets {count(len(shape), 'axis')}: {shown(shape)}",
        expected=ranks[0] if len(ranks) == 1 else words,
        got=len(shape),
    )


def axis_of(args: Args, key: str, rank: int) -> int:
    """An axis as a non-negative number below ``rank`` (a tensor without axes counts as one axis)."""
    axis, limit = args.integer(key), max(rank, 1)
    if not -limit <= axis < limit:
        text = f"{key}={axis} is no axis of a tensor with {count(rank, 'axis')}"
        refuse(ProblemKind.INDEX, text, expected=rank, got=axis)
    return axis % limit


def wants_channels(expected: Dim, got: Dim, noun: str, axis: int | None, result: Result | None = None) -> None:
    """Refuse an input whose channels or features are certainly not the expected ones."""
    if differ(expected, got):
        text = f"expects {count(expected, noun)}, gets {named(got)}"
        refuse(ProblemKind.CHANNELS, text, expected=expected, got=got, axis=axis, result=result)


def wants_divisible(value: Dim, divisor: Dim, what: str, by: str, result: Result | None = None) -> None:
    """Refuse a number of channels that is certainly not a multiple of ``divisor``."""
    if isinstance(divisor, int) and divisor < 1:
        return
    if differ(value % divisor, 0):
        refuse(
            ProblemKind.INDIVISIBLE,
            f"needs {what} divisible by {by} ({named(divisor)}), gets {named(value)}",
            expected=divisor,
            got=value,
            result=result,
        )


def attribute(state: LayerState, key: str) -> Any:
    """What the layer holds under ``key`` now; :class:`Unclear` where it was taken away."""
    if key not in state.attributes:
        raise Unclear(f"the layer has no {key}")
    return state.attributes[key]


def held_size(state: LayerState, key: str) -> Dim:
    """An attribute that is a number of channels, features or groups, as it stands now."""
    return Args("", {key: attribute(state, key)}).dim(key)


def held_flag(state: LayerState, key: str) -> bool:
    """An attribute that is a truth value, as it stands now; :class:`Unclear` where it is not known."""
    return Args("", {key: attribute(state, key)}).flag(key)


def parameter(state: LayerState, key: str) -> TensorLike | None:
    """The parameter or buffer ``key`` as a tensor; ``None`` where it is registered as ``None``. A tensor set in its
    place as a plain attribute counts too, as weight normalisation does it."""
    value = state.attributes.get(key)
    if isinstance(value, TensorLike):
        return value
    if value is UNKNOWN:
        raise Unclear(f"{key} is not known")
    for shapes in (state.parameters, state.buffers):
        if key in shapes:
            shape = shapes[key]
            return None if shape is None else TensorSpec(shape, None)
    raise Unclear(f"the layer has no {key}")


def like(tensor: TensorLike, shape: Shape | None = None) -> TensorSpec:
    """A tensor of the same element type, of the same shape unless another is given."""
    return TensorSpec(tensor.shape if shape is None else shape, tensor.dtype)
