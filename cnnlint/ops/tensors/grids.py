"""Tensors laid out over others: ``meshgrid``, ``repeat_interleave``, ``unfold``, ``broadcast_tensors``."""

from __future__ import annotations

from cnnlint.graph.dims import Dim, Shape, Sym, differ, less, opaque, product
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Opaque, Reshape, ReshapeKind
from cnnlint.ops.reading import axis_of, shown
from cnnlint.ops.spec import UNKNOWN, Args, FunctionSpec, Result, TensorLike, TensorSpec, Unclear, refuse
from cnnlint.ops.tensors.broadcasting import wants_broadcast
from cnnlint.ops.tensors.define import both, function, method
from cnnlint.ops.tensors.sizes import axes_of, tensors_from, text_of
from cnnlint.ops.tensors.values import expand


def _given_tensors(args: Args) -> list[TensorLike]:
    given = args["tensors"]
    if len(given) == 1 and (isinstance(given[0], list | tuple) or given[0] is UNKNOWN):
        given = given[0]
    return tensors_from(Args(args.name, {"tensors": given}), "tensors")


def _meshgrid(args: Args) -> Result:
    tensors = _given_tensors(args)
    for tensor in tensors:
        if len(tensor.shape or ()) > 1:
            refuse(ProblemKind.RANK, f"needs tensors with one axis, gets {shown(tensor.shape or ())}", expected=1)
    if len({tensor.dtype for tensor in tensors} - {None}) > 1:
        refuse(ProblemKind.DTYPE, "needs tensors of one element type")
    indexing = args["indexing"]
    if indexing not in (None, "ij", "xy"):
        refuse(ProblemKind.ARGUMENT, f"indexing must be 'ij' or 'xy', gets {indexing!r}", got=repr(indexing))
    shape = tuple((tensor.shape or (1,))[0] for tensor in tensors)
    order = list(range(len(shape)))
    if indexing == "xy" and len(order) > 1:
        order[:2] = [1, 0]
    target = tuple(shape[axis] for axis in order)
    grids = tuple(_along(tensor, order.index(at), target) for at, tensor in enumerate(tensors))
    return Result(grids, Reshape("meshgrid", ReshapeKind.EXPAND))


def _along(tensor: TensorLike, axis: int, shape: Shape) -> TensorSpec:
    """A vector laid along one axis of ``shape``."""
    size = (tensor.shape or (1,))[0]
    column = TensorSpec((size,) + (1,) * (len(shape) - axis - 1), tensor.dtype, tensor.values)
    return TensorSpec(shape, tensor.dtype, expand(column, shape))


def _broadcast_tensors(args: Args) -> Result:
    tensors = _given_tensors(args)
    shape = wants_broadcast([tensor.shape or () for tensor in tensors])
    specs = tuple(TensorSpec(shape, tensor.dtype, expand(tensor, shape)) for tensor in tensors)
    return Result(specs, Reshape("broadcast_tensors", ReshapeKind.EXPAND))


def _broadcast_shapes(args: Args) -> Result:
    shapes = []
    for item in args["shapes"]:
        if item is UNKNOWN:
            raise Unclear(f"{args.name}: a shape is not known")
        sizes = item if isinstance(item, list | tuple) else (item,)
        shapes.append(tuple(Args(args.name, {"shape": size}).dim("shape") for size in sizes))
    if any(less(size, 0) for shape in shapes for size in shape):
        refuse(ProblemKind.ARGUMENT, "gets a negative size")
    return Result(wants_broadcast(shapes) if shapes else ())


def _repeat_interleave(args: Args) -> Result:
    tensor, repeats = args.tensor("input"), args.bound["repeats"]
    if repeats is None:
        if len(tensor.shape or ()) != 1:
            refuse(ProblemKind.RANK, "needs repeats with one axis", expected=1, got=len(tensor.shape or ()))
        return Result(TensorSpec((opaque(),), tensor.dtype), Opaque("repeat_interleave"))
    shape = tensor.shape or ()
    if args.bound["dim"] is None:
        shape, axis = (product(shape),), 0
    else:
        axis = axis_of(args, "dim", len(shape))
        if not shape:
            refuse(ProblemKind.INDEX, "repeats along an axis of a tensor without axes", expected=0, got=axis)
    target = (*shape[:axis], _interleaved(args, shape[axis]), *shape[axis + 1 :])
    op = Reshape("repeat_interleave", ReshapeKind.EXPAND)
    return Result(TensorSpec(target, tensor.dtype), op)


def _interleaved(args: Args, size: Dim) -> Dim:
    repeats = args.bound["repeats"]
    if not isinstance(repeats, TensorLike):
        times = args.dim("repeats")
        if less(times, 0):
            refuse(ProblemKind.ARGUMENT, f"cannot repeat {text_of(times)} times", expected=0, got=times)
        return size * times
    counts = args.shape("repeats")
    if len(counts) > 1 or (counts and differ(counts[0], size) and differ(counts[0], 1)):
        refuse(
            ProblemKind.BROADCAST,
            f"needs one number of repeats for each of {text_of(size)} positions, gets {shown(counts)}",
            expected=size,
        )
    if repeats.values is None or isinstance(size, Sym):
        return opaque()
    values: tuple[int, ...] = repeats.values
    return sum(values) if len(values) == size else values[0] * size


def _unfold(args: Args) -> Result:
    tensor, size, step = args.tensor("input"), args.dim("size"), args.dim("step")
    shape = tensor.shape or ()
    axis = axis_of(args, "dimension", len(shape))
    whole: Dim = shape[axis] if shape else 1
    if less(size, 0) or less(whole, size) or less(step, 1):
        refuse(
            ProblemKind.ARGUMENT,
            f"takes windows of {text_of(size)} at step {text_of(step)} from axis {axis} of {shown(shape)}",
            expected=whole,
            got=size,
            axis=axis,
        )
    windows = (whole - size) // step + 1 if differ(step, 0) else opaque()
    target = (*shape[:axis], windows, *shape[axis + 1 :], size) if shape else (size,)
    return Result(TensorSpec(target, tensor.dtype), Opaque("unfold"))


def _rot90(args: Args) -> Result:
    tensor, times = args.tensor("input"), args.integer("k")
    shape = list(tensor.shape or ())
    given = args["dims"]
    if not isinstance(given, list | tuple) or len(given) != 2:
        refuse(ProblemKind.ARGUMENT, f"needs two axes, gets {given!r}", got=repr(given))
    first, second = axes_of(args, "dims", len(shape))
    if len(shape) < 2:
        refuse(ProblemKind.RANK, f"needs at least 2 axes, gets {len(shape)}", expected=2, got=len(shape))
    if times % 2:
        shape[first], shape[second] = shape[second], shape[first]
    return Result(TensorSpec(tuple(shape), tensor.dtype), Opaque("rot90"))


def _cartesian(args: Args) -> Result:
    tensors = [Args(args.name, {"tensor": item}).tensor("tensor") for item in args["tensors"]]
    if not tensors or any(len(tensor.shape or ()) != 1 for tensor in tensors):
        refuse(ProblemKind.RANK, "needs tensors with one axis", expected=1)
    total = product([size for tensor in tensors for size in tensor.shape or ()])
    shape = (total,) if len(tensors) == 1 else (total, len(tensors))
    return Result(TensorSpec(shape, tensors[0].dtype), Opaque("cartesian_prod"))


def _as_strided(args: Args) -> Result:
    tensor, size = args.tensor("input"), args["size"]
    if not isinstance(size, list | tuple) or not isinstance(args["stride"], list | tuple):
        refuse(ProblemKind.ARGUMENT, "needs tuples for size and stride")
    if len(size) != len(args["stride"]):
        refuse(ProblemKind.ARGUMENT, "needs as many strides as sizes", expected=len(size), got=len(args["stride"]))
    shape = tuple(Args(args.name, {"size": item}).dim("size") for item in size)
    if any(less(item, 0) for item in shape):
        refuse(ProblemKind.ARGUMENT, f"cannot have a negative size: {shown(shape)}", got=shape)
    if not all(isinstance(item, int) for item in (*shape, *args["stride"])):
        raise Unclear(f"{args.name}: the sizes are not known")
    return Result(TensorSpec(shape, tensor.dtype), Opaque("as_strided"))


FUNCTIONS: tuple[FunctionSpec, ...] = (
    function("meshgrid", "*tensors, indexing=None", _meshgrid),
    function("broadcast_tensors", "*tensors", _broadcast_tensors),
    function("broadcast_shapes", "*shapes", _broadcast_shapes),
    both("repeat_interleave", "input, repeats=None, dim=None, *, output_size=None", _repeat_interleave),
    method("unfold", "input, dimension, size, step", _unfold),
    both("rot90", "input, k=1, dims=(0, 1)", _rot90),
    function("cartesian_prod", "*tensors", _cartesian),
    both("as_strided", "input, size, stride, storage_offset=None", _as_strided),
)
