"""Pools to a fixed output size."""

from __future__ import annotations

from functools import partial
from typing import Any

from cnnlint.graph.dims import Shape, Sym, differ, opaque
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import AdaptivePooling, Axes
from cnnlint.ops.neural.conv import LAYOUTS
from cnnlint.ops.neural.pooling import always_with_indices, wants_content, with_indices
from cnnlint.ops.reading import at_least, like, wants_floating, wants_rank
from cnnlint.ops.spec import UNKNOWN, Args, FunctionSpec, Result, Signature, refuse


def adaptive_pool(args: Args, kind: str, axes: int) -> Result:
    """Input (N, C, *sizes) or (C, *sizes); a size of ``None`` keeps the input's."""
    tensor, shape = args.tensor("input"), args.shape("input")
    if not _may_be_mean(args, kind, axes, len(shape)):
        wants_rank(shape, axes + 2, axes + 1, axes=f"{LAYOUTS[axes]} or without N")
        wants_content(shape)
    output = output_size(args, shape[-axes:])
    wants_floating(tensor)
    pooled = like(tensor, (*shape[:-axes], *output))
    return Result(with_indices(args, pooled), AdaptivePooling(args.name, kind, output))


def _may_be_mean(args: Args, kind: str, axes: int, rank: int) -> bool:
    """Torch takes an average to size 1 on every axis as a plain mean over the last axes, whatever stands in front;
    sizes in a sequence need one axis more than they are."""
    value = args.bound["output_size"]
    if kind != "avg" or axes == 1 or rank < axes:
        return False
    if isinstance(value, list | tuple):
        return len(value) == axes < rank and not any(_differs_from_one(item) for item in value)
    return not _differs_from_one(value)


def _differs_from_one(item: Any) -> bool:
    return item is not UNKNOWN and not (isinstance(item, int | Sym) and not differ(item, 1))


def output_size(args: Args, sizes: Shape) -> Axes:
    value = args.bound["output_size"]
    if value is UNKNOWN:
        return tuple(opaque() for _ in sizes)
    if value is None or (len(sizes) == 1 and value in ((None,), [None])):
        refuse(ProblemKind.ARGUMENT, "needs an output size, gets None", got="None")
    items = value if isinstance(value, list | tuple) else (value,) * len(sizes)
    if len(items) != len(sizes):
        text = f"needs {len(sizes)} output sizes, gets {len(items)}"
        refuse(ProblemKind.ARGUMENT, text, expected=len(sizes), got=len(items))
    output = tuple(
        size if item is None else Args(args.name, {"output_size": item}).dim("output_size")
        for item, size in zip(items, sizes, strict=True)
    )
    for size in output:
        at_least("output_size", size, 0)
    return output


def _spec(kind: str, axes: int, indices: bool = False) -> FunctionSpec:
    name = f"adaptive_{kind}_pool{axes}d"
    names = [f"torch.nn.functional.{name}{'_with_indices' if indices else ''}"]
    if kind == "avg" and axes == 1:
        names.append(f"torch.{name}")
    signature = "input, output_size" + (", return_indices=False" if kind == "max" else "")
    entry = partial(adaptive_pool, kind=kind, axes=axes)
    return FunctionSpec(
        name, tuple(names), Signature(signature), partial(always_with_indices, entry=entry) if indices else entry
    )


FUNCTIONS: tuple[FunctionSpec, ...] = tuple(
    _spec(*row) for n in (1, 2, 3) for row in (("avg", n), ("max", n), ("max", n, True))
)
