"""Padding: constant, reflected, replicated, wrapped."""

from __future__ import annotations

from cnnlint.graph.dims import Dim, Shape, less
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Pad
from cnnlint.ops.reading import choice, count, like, named, number, shown
from cnnlint.ops.spec import Args, FunctionSpec, Result, Signature, TensorLike, Unclear, refuse

MODES = ("constant", "reflect", "replicate", "circular")


def pad(args: Args) -> Result:
    """Input (*); ``pad`` holds (before, after) pairs, last axis first; negative amounts crop."""
    tensor, shape = args.tensor("input"), args.shape("input")
    mode = choice(args, "mode", MODES)
    _wants_value(args, mode)
    amounts = read_amounts(args, "pad", len(shape))
    output = padded(shape, amounts, mode)
    return Result(like(tensor, output), Pad("pad", mode, amounts))


def read_amounts(args: Args, key: str, rank: int) -> tuple[tuple[Dim, Dim], ...]:
    """(before, after) for each padded axis, first axis first."""
    flat = args[key]
    if isinstance(flat, TensorLike) and flat.shape is None:
        raise Unclear(f"{args.name}: {key} is not known")  # it may as well be a list
    if not isinstance(flat, list | tuple):
        refuse(ProblemKind.ARGUMENT, f"needs a sequence of padding sizes, gets {flat!r}", got=repr(flat))
    sizes = Args(args.name, {key: flat}).axes(key, len(flat))
    if len(sizes) % 2:
        text = f"needs an even number of padding sizes, gets {len(sizes)}"
        refuse(ProblemKind.ARGUMENT, text, got=len(sizes))
    if len(sizes) > 2 * rank:
        text = f"pads {count(len(sizes) // 2, 'axis')} of a tensor with {count(rank, 'axis')}"
        refuse(ProblemKind.RANK, text, expected=len(sizes) // 2, got=rank)
    return tuple(zip(sizes[::2], sizes[1::2], strict=True))[::-1]


def padded(shape: Shape, amounts: tuple[tuple[Dim, Dim], ...], mode: str) -> Shape:
    """The shape after padding the last axes; refuses amounts that ``mode`` cannot fill."""
    axes = len(amounts)
    if mode != "constant":
        _wants_batch_of_images(shape, axes)
        if mode != "circular":
            _wants_content(shape, axes)
    first = len(shape) - axes
    output = list(shape)
    for axis, (before, after) in enumerate(amounts, first):
        output[axis] = shape[axis] + before + after
        _wants_room(shape, axis, before, after, mode)
    _wants_rest(shape, tuple(output[first:]), mode)
    return tuple(output)


def _wants_batch_of_images(shape: Shape, axes: int) -> None:
    if not 1 <= axes <= 3 or len(shape) not in (axes + 1, axes + 2):
        text = (
            f"pads the last {count(axes, 'axis')}; other modes than 'constant' need one or two axes in front of 1 to 3 "
        )
        refuse(
            ProblemKind.RANK, f"{text}padded ones, gets {shown(shape)}", expected=f"{axes + 1} or {axes + 2}",
            got=len(shape),
        )  # fmt: skip


def _wants_content(shape: Shape, axes: int) -> None:
    for axis, size in enumerate(shape):
        if less(size, 1) and (axis > 0 or len(shape) == axes + 1):
            text = f"needs a size above 0 on every axis but the batch, gets {shown(shape)}"
            refuse(ProblemKind.OUTPUT_SIZE, text, expected=1, got=size, axis=axis)


# The most pixels that a side can take from an axis of W, as an offset from W.
_MOST = {"reflect": -1, "circular": 0}


def _wants_rest(shape: Shape, output: Shape, mode: str) -> None:
    """Refuse crops that leave less than nothing, and, where pixels are copied, crops that leave nothing at all."""
    gone = any(less(size, 0) for size in output)
    if gone or (mode in ("reflect", "replicate") and all(less(size, 1) for size in output)):
        text = f"crops {shown(shape[len(shape) - len(output) :])} to {shown(output)}"
        refuse(ProblemKind.OUTPUT_SIZE, text, expected=1, got=output)


def _wants_room(shape: Shape, axis: int, before: Dim, after: Dim, mode: str) -> None:
    size = shape[axis]
    cropped = [side for side in (before, after) if less(side, 0)]
    if mode == "constant" and less(size + _sum(cropped), 0):
        text = f"crops axis {axis} of size {named(size)} by ({named(before)}, {named(after)}): more than there is"
        refuse(ProblemKind.OUTPUT_SIZE, text, expected=0, got=size + _sum(cropped), axis=axis)
    if mode in _MOST and any(less(size + _MOST[mode], side) for side in (before, after)):
        pixels = f"({named(before)}, {named(after)})"
        text = f"pads axis {axis} of size {named(size)} by {pixels}, more than mode {mode!r} can fill"
        refuse(ProblemKind.ARGUMENT, text, expected=size + _MOST[mode], got=before, axis=axis)


def _sum(sizes: list[Dim]) -> Dim:
    total: Dim = 0
    for size in sizes:
        total = total + size
    return total


def _wants_value(args: Args, mode: str) -> None:
    if not args.given("value"):
        return
    value = number(args, "value")
    if mode != "constant" and value:
        refuse(ProblemKind.ARGUMENT, f"takes a value in mode 'constant' only, not in mode {mode!r}", got=repr(value))


def constant_pad(args: Args) -> Result:
    """``torch.constant_pad_nd``."""
    return pad(Args(args.name, {**args.bound, "mode": "constant"}))


FUNCTIONS: tuple[FunctionSpec, ...] = (
    FunctionSpec("pad", ("torch.nn.functional.pad",), Signature("input, pad, mode='constant', value=None"), pad),
    FunctionSpec("pad", ("torch.constant_pad_nd",), Signature("input, pad, value=0"), constant_pad),
)
