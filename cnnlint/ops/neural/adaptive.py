"""Pools to a fixed output size."""

from __future__ import annotations

from functools import partial

from cnnlint.graph.dims import Shape, opaque
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import AdaptivePooling, Axes
from cnnlint.ops.neural.conv import LAYOUTS
from cnnlint.ops.neural.pooling import wants_content, with_indices
from cnnlint.ops.reading import at_least, like, wants_rank
from cnnlint.ops.spec import UNKNOWN, Args, FunctionSpec, Result, Signature, refuse


def adaptive_pool(args: Args, kind: str, axes: int) -> Result:
    """Input (N, C, *sizes) or (C, *sizes); a size of ``None`` keeps the input's."""
    tensor, shape = args.tensor("input"), args.shape("input")
    if not _is_mean(args, kind, axes, len(shape)):
        wants_rank(shape, axes + 2, axes + 1, axes=f"{LAYOUTS[axes]} or without N")
        wants_content(shape)
    output = output_size(args, shape[-axes:])
    pooled = like(tensor, (*shape[:-axes], *output))
    return Result(with_indices(args, pooled), AdaptivePooling(args.name, kind, output))


def _is_mean(args: Args, kind: str, axes: int, rank: int) -> bool:
    """Torch takes the average over three axes to size 1 as a plain mean, whatever stands in front."""
    return kind == "avg" and axes == 3 <= rank and args.bound["output_size"] in (1, (1, 1, 1), [1, 1, 1])


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


def _spec(kind: str, axes: int) -> FunctionSpec:
    name = f"adaptive_{kind}_pool{axes}d"
    names = (f"torch.nn.functional.{name}", *([f"torch.{name}"] if kind == "avg" and axes == 1 else []))
    signature = "input, output_size" + (", return_indices=False" if kind == "max" else "")
    return FunctionSpec(name, names, Signature(signature), partial(adaptive_pool, kind=kind, axes=axes))


FUNCTIONS: tuple[FunctionSpec, ...] = tuple(_spec(kind, n) for kind in ("avg", "max") for n in (1, 2, 3))
