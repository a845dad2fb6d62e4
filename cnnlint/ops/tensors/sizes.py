"""Reading sizes and axes: one number or several, written one by one, as a tuple, or as a ``torch.Size``."""

from __future__ import annotations

from typing import Any

from cnnlint.graph.dims import Dim, Shape, less, show
from cnnlint.graph.model import ProblemKind
from cnnlint.ops.reading import axis_of, shown
from cnnlint.ops.spec import UNKNOWN, Args, TensorLike, Unclear, refuse


def sizes_from(args: Args, key: str) -> Shape:
    """The sizes given as ``key``: ``(2, 3)``, ``((2, 3),)``, ``[2, 3]`` or ``2``.

    Raises :class:`Unclear` where not even their number is known."""
    given = args[key]
    if isinstance(given, list | tuple) and len(given) == 1 and not _is_size(given[0]):
        given = given[0]
    if given is UNKNOWN:
        raise Unclear(f"{args.name}: {key} is not known")
    if not isinstance(given, list | tuple):
        given = (given,)
    return tuple(_size(args, key, item) for item in given)


def listed_sizes(args: Args, key: str) -> Shape:
    """As :func:`sizes_from`, for a parameter that takes the sizes one by one too and needs at least something."""
    listed(args, key)
    return sizes_from(args, key)


def listed(args: Args, key: str) -> Any:
    """What was given one by one or as one tuple."""
    given = args[key]
    if not given:
        refuse(ProblemKind.SIGNATURE, f"misses the argument {key!r}")
    return given[0] if len(given) == 1 and isinstance(given[0], list | tuple) else given


def _is_size(value: Any) -> bool:
    return not (isinstance(value, list | tuple) or value is UNKNOWN)


def _size(args: Args, key: str, item: Any) -> Dim:
    if isinstance(item, bool):
        refuse(ProblemKind.ARGUMENT, f"{key} must be integers, gets {item!r}", got=repr(item))
    return Args(args.name, {key: item}).dim(key)


def text_of(size: Dim) -> str:
    """The size as a person writes it, ``?`` where it is unknown."""
    return show(size) or "?"


def wants_sizes(sizes: Shape) -> Shape:
    """Refuse a negative size."""
    if any(less(size, 0) for size in sizes):
        refuse(ProblemKind.ARGUMENT, f"cannot make a tensor of a negative size: {shown(sizes)}", got=sizes)
    return sizes


def axes_of(args: Args, key: str, rank: int) -> tuple[int, ...]:
    """One axis or several, non-negative, in the order given; refuses one that is named twice."""
    given = args[key]
    if not isinstance(given, list | tuple):
        return (axis_of(args, key, rank),)
    axes = tuple(axis_of(Args(args.name, {key: item}), key, rank) for item in given)
    if len(set(axes)) < len(axes):
        refuse(ProblemKind.INDEX, f"names an axis twice: {key}={shown(tuple(axes))}", got=tuple(axes))
    return axes


def tensors_from(args: Args, key: str) -> list[TensorLike]:
    """A list or tuple of tensors of known rank, at least one."""
    given = args[key]
    if isinstance(given, TensorLike) and given.shape is None:
        raise Unclear(f"{args.name}: {key} is not known")  # it may as well be a list
    if isinstance(given, TensorLike) or not isinstance(given, list | tuple):
        refuse(ProblemKind.ARGUMENT, f"needs a list of tensors for {key}, gets {type(given).__name__}")
    if not given:
        refuse(ProblemKind.ARGUMENT, f"needs tensors for {key}, gets an empty list")
    return [Args(args.name, {key: item}).tensor(key) for item in given]
