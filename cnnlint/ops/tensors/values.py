"""The elements of small constant tensors: row-major tuples of Python numbers.

Models compute widths and drop rates with tensors (``torch.linspace(0, rate, depth).tolist()``), so tensors of up to
:data:`LIMIT` known elements are computed with, in doubles. Whatever cannot be computed exactly enough is dropped
(``None``), never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import product as every
from math import copysign, inf, isfinite, prod
from typing import Any, TypeAlias

from cnnlint.graph.dims import Shape, Sym
from cnnlint.ops.spec import TensorLike
from cnnlint.ops.tensors.dtypes import category

LIMIT = 4096
"""The most elements a tensor may have for its values to be carried."""

Values: TypeAlias = tuple[Any, ...] | None

_LARGEST = {"float16": 65504.0, "bfloat16": 3.3895313892515355e38, "float32": 3.4028234663852886e38}
_BITS = {"uint8": (0, 8), "int8": (1, 8), "int16": (1, 16), "int32": (1, 32), "int64": (1, 64)}


def sizes_of(shape: Shape | None) -> tuple[int, ...] | None:
    """``shape`` if all its sizes are integers and make at most :data:`LIMIT` elements."""
    if shape is None:
        return None
    sizes = tuple(size for size in shape if isinstance(size, int) and size >= 0)
    return sizes if len(sizes) == len(shape) and prod(sizes) <= LIMIT else None


def elements(tensor: TensorLike) -> tuple[tuple[int, ...], tuple[Any, ...]] | None:
    """The shape and the values of a tensor that carries its values."""
    sizes = sizes_of(tensor.shape)
    return None if sizes is None or tensor.values is None else (sizes, tensor.values)


def filled(shape: Shape, value: Any) -> Values:
    """``value`` everywhere."""
    sizes = sizes_of(shape)
    return None if sizes is None or isinstance(value, Sym) else (value,) * prod(sizes)


def cast(values: Values, dtype: str | None) -> Values:
    """The values as elements of ``dtype``; dropped where they do not fit."""
    group = category(dtype)
    if values is None or group is None:
        return None
    if group == 0:
        return tuple(bool(value) for value in values)
    if group == 1:
        return _integers(values, dtype or "")
    try:
        if group == 3:
            return tuple(complex(value) for value in values)
        limit = _LARGEST.get(dtype or "", inf)
        return tuple(_bounded(float(value), limit) for value in values)
    except (OverflowError, TypeError):
        return None


def _bounded(value: float, limit: float) -> float:
    return copysign(inf, value) if abs(value) > limit else value


def _integers(values: Sequence[Any], dtype: str) -> Values:
    signed, bits = _BITS[dtype]
    low, high = (-(1 << bits - 1), 1 << bits - 1) if signed else (0, 1 << bits)
    if any(isinstance(value, complex) or (isinstance(value, float) and not isfinite(value)) for value in values):
        return None
    whole = tuple(int(value) for value in values)
    return whole if all(low <= value < high for value in whole) else None


def compute(function: Callable[..., Any] | None, *operands: Sequence[Any]) -> Values:
    """``function`` of the operands element by element; dropped where Python cannot compute it."""
    if function is None:
        return None
    try:
        return tuple(map(function, *operands))
    except (ArithmeticError, ValueError, TypeError):
        return None


def strides(shape: Sequence[int]) -> list[int]:
    """How far apart neighbours on each axis lie in row-major order."""
    steps, step = [], 1
    for size in reversed(shape):
        steps.append(step)
        step *= size
    return steps[::-1]


def expand(tensor: TensorLike, shape: Shape) -> Values:
    """The values of ``tensor`` broadcast to ``shape``."""
    known, target = elements(tensor), sizes_of(shape)
    if known is None or target is None or len(known[0]) > len(target):
        return None
    source, values = known
    if source == target:
        return values
    sizes = (1,) * (len(target) - len(source)) + source
    if any(size not in (1, wanted) for size, wanted in zip(sizes, target, strict=True)):
        return None
    steps = [0 if size == 1 else step for size, step in zip(sizes, strides(sizes), strict=True)]
    return tuple(values[position] for position in _positions(target, steps))


def _positions(shape: Sequence[int], steps: Sequence[int]) -> Iterable[int]:
    ranges = [range(0, size * step, step) if step else (0,) * size for size, step in zip(shape, steps, strict=True)]
    return map(sum, every(*ranges))


def rearranged(tensor: TensorLike, order: Sequence[int]) -> Values:
    """The values of ``tensor`` after its axes were put in ``order``."""
    known = elements(tensor)
    if known is None:
        return None
    shape, values = known
    steps = strides(shape)
    return tuple(values[at] for at in _positions([shape[axis] for axis in order], [steps[axis] for axis in order]))


def taken(tensor: TensorLike, axis: int, indices: Sequence[int]) -> Values:
    """The values at ``indices`` of ``axis``, in that order."""
    known = elements(tensor)
    if known is None:
        return None
    shape, values = known
    inner = strides(shape)[axis]
    block = shape[axis] * inner
    if not block or len(values) // block * inner * len(indices) > LIMIT:
        return None if block else ()
    return tuple(
        value
        for start in range(0, len(values), block)
        for index in indices
        for value in values[start + index * inner : start + (index + 1) * inner]
    )


def rows(tensor: TensorLike, axes: Sequence[int]) -> list[tuple[Any, ...]] | None:
    """For each position on the other axes, in order, the values that lie along ``axes``."""
    known = elements(tensor)
    if known is None:
        return None
    shape = known[0]
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    values = rearranged(tensor, [*kept, *axes]) or ()
    total = prod(shape[axis] for axis in axes)
    return [values[start : start + total] for start in range(0, len(values), total)] if total else None


def nested(values: Sequence[Any], shape: Sequence[int]) -> Any:
    """The values as ``tolist`` nests them."""
    if not shape:
        return values[0]
    step = len(values) // shape[0] if shape[0] else 0
    return [nested(values[index * step : (index + 1) * step], shape[1:]) for index in range(shape[0])]
