"""Sampling at positions that are data: ``grid_sample`` and ``affine_grid``."""

from __future__ import annotations

from cnnlint.graph.dims import differ, less
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Factory, Sample
from cnnlint.ops.reading import at_least, choice, like, shown, wants_rank
from cnnlint.ops.spec import Args, FunctionSpec, Result, Signature, refuse

_MODES = ("bilinear", "nearest", "bicubic")
_PADDING_MODES = ("zeros", "border", "reflection")


def grid_sample(args: Args) -> Result:
    """Input (N, C, *sizes), grid (N, *new sizes, 2 or 3) to (N, C, *new sizes)."""
    tensor, shape, grid = args.tensor("input"), args.shape("input"), args.shape("grid")
    mode = choice(args, "mode", _MODES)
    choice(args, "padding_mode", _PADDING_MODES)
    wants_rank(shape, 4, 5)
    wants_rank(grid, len(shape), axes="in its grid")
    if mode == "bicubic" and len(shape) == 5:
        refuse(ProblemKind.ARGUMENT, "knows mode 'bicubic' in 2-D only", got=mode)
    wanted = (shape[0], *grid[1:-1], len(shape) - 2)
    result = Result(like(tensor, (*shape[:2], *grid[1:-1])), Sample("grid_sample"))
    if differ(grid[0], shape[0]) or differ(grid[-1], len(shape) - 2):
        text = f"needs a grid of shape {shown(wanted)}, gets {shown(grid)}"
        refuse(ProblemKind.BROADCAST, text, expected=wanted, got=grid, result=result)
    for axis, size in enumerate(shape[2:], 2):
        if less(size, 1):
            refuse(ProblemKind.OUTPUT_SIZE, f"needs content, gets {shown(shape)}", expected=1, got=size, axis=axis)
    return result


def affine_grid(args: Args) -> Result:
    """theta (N, 2, 3) for a size (N, C, H, W), or (N, 3, 4) for (N, C, D, H, W), to the grid of ``grid_sample``."""
    theta = args.shape("theta")
    value = args["size"]
    if not isinstance(value, list | tuple):
        refuse(ProblemKind.ARGUMENT, f"needs a sequence of sizes, gets {value!r}", got=repr(value))
    size = Args(args.name, {"size": value}).axes("size", len(value))
    if len(size) not in (4, 5):
        text = f"makes grids for sizes (N, C, H, W) and (N, C, D, H, W), gets {shown(size)}"
        refuse(ProblemKind.RANK, text, expected="4 or 5", got=len(size))
    for item in size:
        at_least("size", item, 1)
    axes = len(size) - 2
    wanted = (size[0], axes, axes + 1)
    if len(theta) != 3 or any(map(differ, theta, wanted)):
        text = f"needs a theta of shape {shown(wanted)}, gets {shown(theta)}"
        refuse(ProblemKind.MATRIX, text, expected=wanted, got=theta)
    return Result(like(args.tensor("theta"), (size[0], *size[2:], axes)), Factory("affine_grid"))


FUNCTIONS: tuple[FunctionSpec, ...] = (
    FunctionSpec(
        "grid_sample",
        ("torch.nn.functional.grid_sample",),
        Signature("input, grid, mode='bilinear', padding_mode='zeros', align_corners=None"),
        grid_sample,
    ),
    FunctionSpec(
        "affine_grid",
        ("torch.nn.functional.affine_grid",),
        Signature("theta, size, align_corners=None"),
        affine_grid,
    ),
)
