"""The same elements in another order: ``permute``, ``transpose``, ``flip``, ``roll``, ``repeat``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnnlint.graph.dims import Shape
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Opaque, Reshape, ReshapeKind
from cnnlint.ops.reading import axis_of, like, shown
from cnnlint.ops.spec import Args, Entry, FunctionSpec, Result, TensorLike, TensorSpec, refuse
from cnnlint.ops.tensors.define import both, function, method, renamed_in_place
from cnnlint.ops.tensors.sizes import axes_of, listed, listed_sizes, sizes_from, wants_sizes
from cnnlint.ops.tensors.values import elements, rearranged, taken


def permuted(name: str, tensor: TensorLike, order: Sequence[int]) -> Result:
    """``tensor`` with its axes in ``order``."""
    shape = tensor.shape or ()
    target = tuple(shape[axis] for axis in order)
    op = Reshape(name, ReshapeKind.PERMUTE, order=tuple(order))
    return Result(TensorSpec(target, tensor.dtype, rearranged(tensor, order)), op)


def _permute(args: Args) -> Result:
    tensor = args.tensor("input")
    rank = len(tensor.shape or ())
    order = axes_of(Args(args.name, {"dims": listed(args, "dims")}), "dims", rank)
    if len(order) != rank:
        refuse(
            ProblemKind.RANK,
            f"permutes {len(order)} axes of a tensor with shape {shown(tensor.shape or ())}",
            expected=rank,
            got=len(order),
        )
    return permuted("permute", tensor, order)


def _transpose(args: Args) -> Result:
    tensor = args.tensor("input")
    rank = len(tensor.shape or ())
    first, second = axis_of(args, "dim0", rank), axis_of(args, "dim1", rank)
    order = list(range(rank))
    if rank:
        order[first], order[second] = order[second], order[first]
    return permuted("transpose", tensor, order)


def _swapaxes(args: Args) -> Result:
    return _transpose(Args(args.name, {**args.bound, "dim0": args["axis0"], "dim1": args["axis1"]}))


def _t(args: Args) -> Result:
    tensor = args.tensor("input")
    rank = len(tensor.shape or ())
    if rank > 2:
        refuse(ProblemKind.RANK, f"takes at most 2 axes, gets {shown(tensor.shape or ())}", expected=2, got=rank)
    return permuted("t", tensor, range(rank)[::-1])


def _conjugate(args: Args) -> Result:
    if len(args.shape()) == 1:
        refuse(ProblemKind.RANK, "takes matrices only, gets one axis", expected=2, got=1)
    return _t(args)


def _reversed(args: Args) -> Result:
    tensor = args.tensor("input")
    return permuted("T", tensor, range(len(tensor.shape or ()))[::-1])


def _last_two(args: Args) -> Result:
    tensor = args.tensor("input")
    rank = len(tensor.shape or ())
    if rank == 1:
        refuse(ProblemKind.RANK, f"needs at least 2 axes, gets {shown(tensor.shape or ())}", expected=2, got=rank)
    return permuted("mT", tensor, [*range(rank - 2), *range(rank)[:-3:-1]])


def _movedim(args: Args) -> Result:
    tensor = args.tensor("input")
    rank = len(tensor.shape or ())
    if isinstance(args["source"], list | tuple) != isinstance(args["destination"], list | tuple):
        refuse(ProblemKind.ARGUMENT, "moves one axis to several places or several to one")
    source, target = axes_of(args, "source", rank), axes_of(args, "destination", rank)
    if len(source) != len(target):
        refuse(
            ProblemKind.ARGUMENT,
            f"moves {len(source)} axes to {len(target)} places",
            expected=len(source),
            got=len(target),
        )
    if not rank:
        return permuted("movedim", tensor, ())
    rest = iter(axis for axis in range(rank) if axis not in source)
    placed = dict(zip(target, source, strict=True))
    return permuted("movedim", tensor, [placed[at] if at in placed else next(rest) for at in range(rank)])


def _flip(args: Args) -> Result:
    tensor = args.tensor("input")
    axes = axes_of(Args(args.name, {"dims": listed(args, "dims")}), "dims", len(tensor.shape or ()))
    flipped: TensorLike = tensor
    if (known := elements(tensor)) is not None and known[0]:
        for axis in axes:
            values = taken(flipped, axis, range(known[0][axis])[::-1])
            flipped = TensorSpec(tensor.shape, tensor.dtype, values)
    return Result(TensorSpec(tensor.shape, tensor.dtype, flipped.values), Opaque("flip"))


def _flip_one(axis: int) -> Entry:
    def entry(args: Args) -> Result:
        if len(args.shape()) <= axis:
            refuse(ProblemKind.RANK, f"needs at least {axis + 1} axes", expected=axis + 1, got=len(args.shape()))
        bound = {"input": args.bound["input"], "dims": ((axis,),)}
        return _flip(Args(args.name, bound))

    return entry


def _roll(args: Args) -> Result:
    tensor = args.tensor("input")
    shifts = args["shifts"]
    if args.given("dims"):
        given = args["dims"]
        axes = given if isinstance(given, list | tuple) else (given,)
        if axes and not tensor.shape:
            refuse(ProblemKind.INDEX, "rolls an axis of a tensor without axes", expected=0, got=len(axes))
        for axis in axes:
            axis_of(Args(args.name, {"dims": axis}), "dims", len(tensor.shape or ()))
        moves = len(shifts) if isinstance(shifts, list | tuple) else 1
        if moves != len(axes) and not (axes == () and moves == 1):
            refuse(ProblemKind.ARGUMENT, f"has {moves} shifts for {len(axes)} axes", expected=len(axes), got=moves)
    return Result(like(tensor), Opaque("roll"))


def repeated(name: str, tensor: TensorLike, times: Shape) -> Result:
    """``tensor`` laid side by side ``times`` on each axis, new axes in front."""
    shape = tensor.shape or ()
    wants_sizes(times)
    padded = (1,) * (len(times) - len(shape)) + shape
    target = tuple(size * factor for size, factor in zip(padded, times, strict=True))
    return Result(TensorSpec(target, tensor.dtype), Reshape(name, ReshapeKind.EXPAND, sizes=times))


def _repeat(args: Args) -> Result:
    tensor, times = args.tensor("input"), listed_sizes(args, "repeats")
    if len(times) < len(tensor.shape or ()):
        refuse(
            ProblemKind.RANK,
            f"gives {len(times)} repeats for shape {shown(tensor.shape or ())}",
            expected=len(tensor.shape or ()),
            got=len(times),
        )
    return repeated("repeat", tensor, times)


def _tile(read: Callable[[Args, str], Shape]) -> Entry:
    def entry(args: Args) -> Result:
        tensor, times = args.tensor("input"), read(args, "dims")
        return repeated("tile", tensor, (1,) * (len(tensor.shape or ()) - len(times)) + times)

    return entry


def _listed_dims(entry: Entry) -> Entry:
    """The function's form of a method that takes its axes one by one."""
    return lambda args: entry(Args(args.name, {**args.bound, "dims": (args["dims"],)}))


_TRANSPOSE = both("transpose", "input, dim0, dim1", _transpose)
_T = both("t", "input", _t)

FUNCTIONS: tuple[FunctionSpec, ...] = (
    method("permute", "input, *dims", _permute),
    function("permute", "input, dims", _listed_dims(_permute)),
    _TRANSPOSE,
    renamed_in_place(_TRANSPOSE),
    both("swapaxes", "input, axis0, axis1", _swapaxes),
    both("swapdims", "input, dim0, dim1", _transpose),
    _T,
    renamed_in_place(_T),
    method("T", "input", _reversed),
    method("mT", "input", _last_two, "mH"),
    method("H", "input", _conjugate),
    both("movedim", "input, source, destination", _movedim, "moveaxis"),
    method("flip", "input, *dims", _flip),
    function("flip", "input, dims", _listed_dims(_flip)),
    both("fliplr", "input", _flip_one(1)),
    both("flipud", "input", _flip_one(0)),
    both("roll", "input, shifts, dims=None", _roll),
    method("repeat", "input, *repeats", _repeat),
    method("tile", "input, *dims", _tile(listed_sizes)),
    function("tile", "input, dims", _tile(sizes_from)),
)
