"""Sliding-window pools: max, average, power average."""

from __future__ import annotations

from functools import partial

from cnnlint.graph.dims import Dim, Shape, less, opaque
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Axes, Pooling
from cnnlint.ops.neural.conv import LAYOUTS
from cnnlint.ops.neural.windows import ceil_window_count, wants_windows, window_count
from cnnlint.ops.reading import floating, like, maybe, named, number, per_axis, shown, wants_rank
from cnnlint.ops.spec import Args, Entry, FunctionSpec, Result, Signature, TensorSpec, Unclear, refuse


def pool(args: Args, kind: str, axes: int) -> Result:
    """Input (N, C, *sizes) or (C, *sizes)."""
    tensor, shape = args.tensor("input"), args.shape("input")
    wants_rank(shape, axes + 2, axes + 1, axes=f"{LAYOUTS[axes]} or without N")
    kernel = per_axis(args, "kernel_size", axes, 1)
    stride = stride_or(args, kernel)
    padding = per_axis(args, "padding", axes, 0) if "padding" in args.bound else (0,) * axes
    dilation = per_axis(args, "dilation", axes, 1) if "dilation" in args.bound else (1,) * axes
    wants_small_padding(padding, kernel)
    ceil_mode = args.flag("ceil_mode")
    sizes = shape[-axes:]
    output = window_counts(sizes, kernel, stride, padding, dilation, ceil_mode)
    op = Pooling(args.name, kind, kernel, stride, padding, dilation, ceil_mode)
    wants_windows(sizes, output, kernel, dilation, len(shape) - axes, op)
    wants_content(shape)
    if axes == 3 and kind != "max":
        _wants_room(sizes, kernel)
    pooled = like(tensor, (*shape[:-axes], *output))
    return Result(with_indices(args, pooled), op)


def with_indices(args: Args, pooled: TensorSpec) -> TensorSpec | tuple[TensorSpec, TensorSpec]:
    """A max pool's output, beside the positions of the maxima where the call asks for them."""
    if "return_indices" not in args.bound:
        return pooled
    wanted = maybe(args, "return_indices")
    if wanted is None:
        raise Unclear(f"{args.name}: return_indices is not known")
    return (pooled, TensorSpec(pooled.shape, "int64")) if wanted else pooled


def always_with_indices(args: Args, entry: Entry) -> Result:
    """The forms that return the positions of the maxima whatever ``return_indices`` says."""
    return entry(Args(args.name, {**args.bound, "return_indices": True}, args.training))


def stride_or(args: Args, kernel: Axes) -> Axes:
    """The stride, which is the kernel size where none is given."""
    if not args.given("stride") or args.bound["stride"] in ((), []):
        return kernel
    return per_axis(args, "stride", len(kernel), 1)


def window_counts(
    sizes: Shape, kernel: Axes, stride: Axes, padding: Axes, dilation: Axes, ceil_mode: bool
) -> tuple[Dim, ...]:
    if not ceil_mode:
        return tuple(map(window_count, sizes, kernel, stride, padding, padding, dilation))
    counts = map(ceil_window_count, sizes, kernel, stride, padding, dilation)
    return tuple(opaque(1) if windows is None else windows for windows in counts)


def wants_small_padding(padding: Axes, kernel: Axes) -> None:
    """Refuse padding above half the kernel, whatever its dilation: a window would hold padding alone."""
    for pixels, extent in zip(padding, kernel, strict=True):
        if less(extent, 2 * pixels):
            text = f"pads {named(pixels)}, which is more than half the kernel of {named(extent)}"
            refuse(ProblemKind.ARGUMENT, text, expected=extent // 2, got=pixels)


def _wants_room(sizes: Shape, kernel: Axes) -> None:
    """Refuse windows above the input without its padding: the average over volumes checks that."""
    for axis, (size, extent) in enumerate(zip(sizes, kernel, strict=True)):
        if less(size, extent):
            text = f"has a window of {shown(kernel)} on an input of {shown(sizes)}, which is smaller"
            refuse(ProblemKind.OUTPUT_SIZE, text, expected=extent, got=size, axis=axis - 3)


def wants_content(shape: Shape) -> None:
    """Refuse empty axes other than the batch."""
    for axis, size in enumerate(shape[1:], 1):
        if less(size, 1):
            text = f"needs a size above 0 on every axis but the batch, gets {shown(shape)}"
            refuse(ProblemKind.OUTPUT_SIZE, text, expected=1, got=size, axis=axis)


def power_average_pool(args: Args, axes: int) -> Result:
    """``lp_pool``: as an average pool, without padding. The kernel size is multiplied out, so it must be one number
    in 1-D and a number or one for each axis otherwise."""
    number(args, "norm_type")
    kernel = args.bound["kernel_size"]
    if isinstance(kernel, list | tuple) and (axes == 1 or len(kernel) != axes):
        text = f"needs a kernel_size of {axes if axes > 1 else 'one bare'} number{'s' * (axes > 1)}, gets {kernel!r}"
        refuse(ProblemKind.ARGUMENT, text, got=repr(kernel))
    tensor, result = args.tensor("input"), pool(args, "lp", axes)
    return result if floating(tensor) else Result(TensorSpec(result.output.shape, None), result.op)


_MAX = "input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False"
_MAX_TORCH = "input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False"
_AVG = "input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True"
_LP = "input, norm_type, kernel_size, stride=None, ceil_mode=False"


def _spec(name: str, names: tuple[str, ...], signature: str, entry: Entry) -> FunctionSpec:
    return FunctionSpec(name, names, Signature(signature), entry)


def _family(n: int) -> tuple[FunctionSpec, ...]:
    home = "torch.nn.functional."
    maximum = partial(pool, kind="max", axes=n)
    divisor = ", divisor_override=None" if n > 1 else ""
    return (
        _spec(f"max_pool{n}d", (f"{home}max_pool{n}d",), _MAX, maximum),
        _spec(f"max_pool{n}d", (f"torch.max_pool{n}d",), _MAX_TORCH, maximum),
        _spec(
            f"max_pool{n}d",
            (f"{home}max_pool{n}d_with_indices",),
            _MAX,
            partial(always_with_indices, entry=maximum),
        ),
        _spec(
            f"avg_pool{n}d",
            (f"{home}avg_pool{n}d", *([f"torch.avg_pool{n}d"] if n == 1 else [])),
            _AVG + divisor,
            partial(pool, kind="avg", axes=n),
        ),
        _spec(f"lp_pool{n}d", (f"{home}lp_pool{n}d",), _LP, partial(power_average_pool, axes=n)),
    )


FUNCTIONS: tuple[FunctionSpec, ...] = tuple(spec for n in (1, 2, 3) for spec in _family(n))
