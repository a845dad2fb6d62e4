"""How many positions a slice takes of an axis, when its bounds or the axis may be symbolic."""

from __future__ import annotations

from typing import Any

from cnnlint.graph.dims import Dim, Sym, less, lower, opaque, upper
from cnnlint.graph.model import ProblemKind
from cnnlint.ops.spec import UNKNOWN, TensorLike, refuse
from cnnlint.ops.tensors.values import Values, elements, taken


def sliced(tensor: TensorLike, axis: int, cut: slice) -> tuple[Dim, Values]:
    """The size of ``axis`` after the slice, and the elements that are left."""
    size = (tensor.shape or ())[axis]
    start, stop, step = _bound(cut.start), _bound(cut.stop), _bound(cut.step)
    if step is not None and less(step, 1):
        refuse(ProblemKind.INDEX, "slices with a step that is not positive", expected=1, got=step)
    if isinstance(size, int) and not any(isinstance(bound, Sym) for bound in (start, stop, step)):
        positions = range(*slice(start, stop, step).indices(size))
        return len(positions), taken(tensor, axis, positions) if elements(tensor) else None
    return length(size, start, stop, 1 if step is None else step), None


def _bound(value: Any) -> Dim | None:
    if isinstance(value, TensorLike):
        known = value.values
        value = known[0] if known is not None and len(known) == 1 else UNKNOWN
    if value is UNKNOWN:
        return opaque(-(10**9))
    if value is not None and not isinstance(value, int | Sym):
        refuse(ProblemKind.INDEX, f"cannot slice with {value!r}", got=repr(value))
    return value


def length(size: Dim, start: Dim | None, stop: Dim | None, step: Dim) -> Dim:
    """``len(range(size)[start:stop:step])``."""
    first = _clamped(0 if start is None else start, size)
    last = size if stop is None else _clamped(stop, size)
    if first is None or last is None:
        return opaque()
    gap = last - first
    if upper(gap) <= 0:
        return 0
    if lower(gap) < 0 or lower(step) < 1:
        return opaque()
    return (gap + step - 1) // step


def _clamped(bound: Dim, size: Dim) -> Dim | None:
    """The bound as a position from 0 to ``size``; ``None`` where that depends on unknown values."""
    if less(bound, 0):
        place = bound + size
        if lower(place) >= 0:
            return place
        return 0 if upper(place) <= 0 else None
    if lower(bound) < 0:
        return None
    beyond = bound - size
    if upper(beyond) <= 0:
        return bound
    return size if lower(beyond) >= 0 else None
