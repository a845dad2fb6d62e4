"""Tensors taken apart along an axis: ``split``, ``chunk``, ``unbind``, ``narrow``, ``select``."""

from __future__ import annotations

from collections.abc import Sequence

from cnnlint.graph.dims import Dim, Sym, ceil_div, differ, less, same
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Slice
from cnnlint.ops.reading import axis_of, shown
from cnnlint.ops.spec import Args, Entry, FunctionSpec, Result, TensorLike, TensorSpec, Unclear, refuse
from cnnlint.ops.tensors.define import both, function, method
from cnnlint.ops.tensors.indexing import wants_position
from cnnlint.ops.tensors.sizes import text_of
from cnnlint.ops.tensors.values import LIMIT, taken


def part(tensor: TensorLike, axis: int, start: Dim, size: Dim) -> TensorSpec:
    """``size`` positions of ``axis`` from ``start`` on."""
    shape = tensor.shape or ()
    values = (
        taken(tensor, axis, range(start, start + size)) if isinstance(start, int) and isinstance(size, int) else None
    )
    return TensorSpec((*shape[:axis], size, *shape[axis + 1 :]), tensor.dtype, values)


def _parts(name: str, tensor: TensorLike, axis: int, sizes: Sequence[Dim]) -> Result:
    pieces: list[TensorSpec] = []
    start: Dim = 0
    for size in sizes:
        pieces.append(part(tensor, axis, start, size))
        start = start + size
    return Result(tuple(pieces), Slice(name))


def _wants_axes(tensor: TensorLike) -> None:
    if tensor.shape == ():
        refuse(ProblemKind.RANK, "needs at least one axis, gets a tensor without axes", expected=1, got=0)


def _along(args: Args) -> tuple[TensorLike, int, Dim]:
    """The tensor, the axis and the size along it."""
    tensor = args.tensor("input")
    _wants_axes(tensor)
    shape = tensor.shape or ()
    axis = axis_of(args, "dim", len(shape))
    return tensor, axis, shape[axis]


def _few(args: Args, pieces: Dim) -> int:
    """A number of pieces that is known and small enough to be listed."""
    if isinstance(pieces, Sym) or pieces > LIMIT:
        raise Unclear(f"{args.name}: the number of pieces is not known")
    return pieces


def _equal(args: Args, name: str, piece: Dim) -> Result:
    """Pieces of ``piece`` positions each, the last one what is left."""
    tensor, axis, size = _along(args)
    if less(piece, 0) or (differ(size, 0) and same(piece, 0)):
        refuse(ProblemKind.ARGUMENT, f"cannot split into pieces of {text_of(piece)}", got=piece)
    if isinstance(size, int) and size == 0:
        return _parts(name, tensor, axis, [0])
    if isinstance(piece, Sym) and differ(piece, 0) is False:
        raise Unclear(f"{args.name}: the size of the pieces is not known")
    pieces = _few(args, ceil_div(size, piece))
    return _parts(name, tensor, axis, [piece] * (pieces - 1) + [size - piece * (pieces - 1)])


def _split(args: Args) -> Result:
    key = "split_size" if "split_size" in args.bound else "split_size_or_sections"
    if "tensor" in args.bound:
        args = Args(args.name, {**args.bound, "input": args.bound["tensor"]})
    if isinstance(args[key], list | tuple):
        return _with_sizes(args, "split", key)
    return _equal(args, "split", args.dim(key))


def _with_sizes(args: Args, name: str, key: str) -> Result:
    tensor, axis, size = _along(args)
    sizes = tuple(Args(args.name, {key: item}).dim(key) for item in args[key])
    total: Dim = 0
    for item in sizes:
        total = total + item
    if any(less(item, 0) for item in sizes) or differ(total, size):
        refuse(
            ProblemKind.ARGUMENT,
            f"splits axis {axis} of shape {shown(tensor.shape or ())} into {shown(sizes)}, which is not its size",
            expected=size,
            got=total,
            axis=axis,
        )
    return _parts(name, tensor, axis, sizes)


def _split_with_sizes(args: Args) -> Result:
    if not isinstance(args["split_sizes"], list | tuple):
        refuse(ProblemKind.ARGUMENT, f"needs a list of sizes, gets {args['split_sizes']!r}")
    return _with_sizes(args, "split_with_sizes", "split_sizes")


def _chunk(args: Args) -> Result:
    tensor, axis, size = _along(args)
    chunks = args.integer("chunks")
    if chunks < 1:
        refuse(ProblemKind.ARGUMENT, f"needs at least one chunk, gets {chunks}", expected=1, got=chunks)
    _few(args, chunks)
    if isinstance(size, int):
        piece = -(-size // chunks)
        if not piece:
            return _parts("chunk", tensor, axis, [0] * chunks)
        return _equal(args, "chunk", piece)
    part_size = size // chunks
    if part_size * chunks != size:
        raise Unclear(f"{args.name}: the sizes of the chunks are not known")
    return _parts("chunk", tensor, axis, [part_size] * chunks)


def _tensor_split(args: Args) -> Result:
    tensor, axis, size = _along(args)
    key = next((key for key in ("indices", "sections") if args.given(key)), "indices_or_sections")
    if not isinstance(args[key], list | tuple):
        return _sections(args, tensor, axis, size, args.integer(key))
    cuts = [Args(args.name, {key: item}).integer(key) for item in args[key]]
    if isinstance(size, Sym):
        raise Unclear(f"{args.name}: the size of the axis is not known")
    pieces = [slice(start, stop).indices(size) for start, stop in zip([0, *cuts], [*cuts, size], strict=True)]
    return Result(
        tuple(part(tensor, axis, start, max(stop - start, 0)) for start, stop, _ in pieces), Slice("tensor_split")
    )


def _sections(args: Args, tensor: TensorLike, axis: int, size: Dim, sections: int) -> Result:
    if sections < 1:
        refuse(ProblemKind.ARGUMENT, f"needs at least one section, gets {sections}", expected=1, got=sections)
    _few(args, sections)
    piece = size // sections
    longer = size - piece * sections
    if isinstance(longer, Sym):
        raise Unclear(f"{args.name}: the sizes of the sections are not known")
    return _parts("tensor_split", tensor, axis, [piece + 1] * longer + [piece] * (sections - longer))


def _unbind(args: Args) -> Result:
    tensor, axis, size = _along(args)
    shape = tensor.shape or ()
    rest = (*shape[:axis], *shape[axis + 1 :])
    pieces = range(_few(args, size))
    specs = tuple(TensorSpec(rest, tensor.dtype, taken(tensor, axis, [index])) for index in pieces)
    return Result(specs, Slice("unbind"))


def _select(args: Args) -> Result:
    tensor, axis, size = _along(args)
    index = args.dim("index")
    wants_position(index, size, axis)
    shape = tensor.shape or ()
    values = taken(tensor, axis, [index % size]) if isinstance(index, int) and isinstance(size, int) else None
    return Result(TensorSpec((*shape[:axis], *shape[axis + 1 :]), tensor.dtype, values), Slice("select"))


def _narrow(args: Args) -> Result:
    tensor, axis, size = _along(args)
    start, length = args.dim("start"), args.dim("length")
    if less(start, -size) or less(size, start):
        wants_position(start, size, axis)
    if less(start, 0):
        start = start + size
    if less(length, 0) or less(size, start + length):
        refuse(
            ProblemKind.INDEX,
            f"takes {text_of(length)} positions of axis {axis} from {text_of(start)} on, which has {text_of(size)}",
            expected=size,
            got=start + length,
            axis=axis,
        )
    return Result(part(tensor, axis, start, length), Slice("narrow"))


def _halves(name: str, axis: int) -> Entry:
    """``hsplit``, ``vsplit`` and ``dsplit``: ``tensor_split`` along a fixed axis."""
    least = {"hsplit": 1, "vsplit": 2, "dsplit": 3}[name]

    def entry(args: Args) -> Result:
        rank = len(args.shape("input"))
        if rank < least:
            refuse(ProblemKind.RANK, f"needs at least {least} axes, gets {rank}", expected=least, got=rank)
        at = axis if name != "hsplit" or rank > 1 else 0
        sections, size = args["indices_or_sections"], args.shape()[at]
        if type(sections) is int and (sections < 1 or differ(size % sections, 0)):
            text = f"cannot split {text_of(size)} positions into {sections} equal parts"
            refuse(ProblemKind.INDIVISIBLE, text, expected=sections, got=size, axis=at)
        return _tensor_split(Args(args.name, {**args.bound, "dim": at}))

    return entry


FUNCTIONS: tuple[FunctionSpec, ...] = (
    function("split", "tensor, split_size_or_sections, dim=0", _split),
    method("split", "input, split_size, dim=0", _split),
    both("split_with_sizes", "input, split_sizes, dim=0", _split_with_sizes),
    both("chunk", "input, chunks, dim=0", _chunk),
    both("tensor_split", "input, indices_or_sections=None, dim=0, *, indices=None, sections=None", _tensor_split),
    both("unbind", "input, dim=0", _unbind),
    both("hsplit", "input, indices_or_sections", _halves("hsplit", 1)),
    both("vsplit", "input, indices_or_sections", _halves("vsplit", 0)),
    both("dsplit", "input, indices_or_sections", _halves("dsplit", 2)),
    both("select", "input, dim, index", _select),
    both("narrow", "input, dim, start, length", _narrow),
)
