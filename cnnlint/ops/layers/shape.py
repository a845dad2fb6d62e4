"""Layers that rearrange their input, or leave it alone."""

from __future__ import annotations

from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Identity
from cnnlint.ops.layers.common import keep, kept, simple, through
from cnnlint.ops.neural.flatten import flatten, unflatten
from cnnlint.ops.spec import Args, LayerSpec, LayerState, Result, refuse


def _build_unflatten(args: Args) -> LayerState:
    sizes = args["unflattened_size"]
    if not isinstance(sizes, list | tuple):
        refuse(ProblemKind.ARGUMENT, f"needs a sequence of sizes, gets {sizes!r}", got=repr(sizes))
    args.dim("dim")
    return LayerState(kept(args, "dim", "unflattened_size"))


def _identity(state: LayerState, args: Args) -> Result:
    return Result(args.bound["input"], Identity("identity"))


LAYERS: tuple[LayerSpec, ...] = (
    simple("Identity", "*args, **kwargs", keep(), _identity),
    simple(
        "Flatten", "start_dim=1, end_dim=-1", keep("start_dim", "end_dim"),
        through(flatten, "flatten", "start_dim", "end_dim"),
    ),
    simple(
        "Unflatten", "dim, unflattened_size", _build_unflatten,
        through(unflatten, "unflatten", "dim", "unflattened_size"),
    ),
)  # fmt: skip
