"""What losses share: the reduction of their values, and broadcasting of their operands."""

from __future__ import annotations

from collections.abc import Sequence

from cnnlint.graph.dims import Shape
from cnnlint.graph.operations import Loss
from cnnlint.ops.reading import choice, floating
from cnnlint.ops.spec import UNKNOWN, Args, Result, TensorLike, TensorSpec, Unclear
from cnnlint.ops.tensors.broadcasting import wants_broadcast

_OPTIONAL = ("weight", "pos_weight")
REDUCTIONS = ("none", "mean", "sum")


def reduction(args: Args, allowed: Sequence[str] = REDUCTIONS) -> str:
    """``none``, ``mean`` or ``sum``; the older ``size_average`` and ``reduce`` win where they are given."""
    average, whole = args.bound.get("size_average"), args.bound.get("reduce")
    if average is None and whole is None:
        return choice(args, "reduction", allowed)
    if UNKNOWN in (average, whole):
        raise Unclear(f"{args.name}: the reduction is not known")
    average, whole = (True if flag is None else bool(flag) for flag in (average, whole))
    return ("mean" if average else "sum") if whole else "none"


def reduced(args: Args, shape: Shape, expects: str, like: TensorLike, allowed: Sequence[str] = REDUCTIONS) -> Result:
    """The loss values (*), or one number."""
    output: Shape = shape if reduction(args, allowed) == "none" else ()
    return Result(TensorSpec(output, like.dtype if floating(like) else None), Loss(args.name, expects))


def together(args: Args, *keys: str) -> Shape:
    """The broadcast shape of tensor arguments; refuses shapes that do not fit."""
    return wants_broadcast([args.shape(key) for key in keys if args.given(key) or key not in _OPTIONAL])
