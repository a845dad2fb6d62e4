"""Table look-ups."""

from __future__ import annotations

from cnnlint.graph.dims import Dim, Shape, differ, less, opaque
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Embedding, Factory
from cnnlint.ops.reading import choice, maybe, named, shown, wants_rank
from cnnlint.ops.spec import UNKNOWN, Args, FunctionSpec, Result, Signature, TensorLike, TensorSpec, refuse

_INDEX_TYPES = ("int64", "int32")


def embedding(args: Args) -> Result:
    """Indices (*) into a weight (entries, width) to (*, width)."""
    indices, weight = args.tensor("input"), args.tensor("weight")
    shape, table = args.shape("input"), args.shape("weight")
    wants_indices(indices)
    wants_rank(table, 2, axes="in its weight")
    wants_entries(indices, table[0])
    _wants_padding_index(args, table[0])
    return Result(TensorSpec((*shape, table[1]), weight.dtype or "float32"), Embedding("embedding", table[0], table[1]))


def wants_indices(tensor: TensorLike, types: tuple[str, ...] = _INDEX_TYPES) -> None:
    """Refuse indices of a floating or narrow type."""
    if tensor.dtype is not None and tensor.dtype not in types:
        text = f"needs indices of type {' or '.join(types)}, gets {tensor.dtype}"
        refuse(ProblemKind.DTYPE, text, expected=types[0], got=tensor.dtype)


def wants_entries(indices: TensorLike, entries: Dim) -> None:
    """Refuse an index that the table does not have."""
    for index in indices.values or ():
        if isinstance(index, int) and (index < 0 or less(entries - 1, index)):
            text = f"looks up entry {index} of a table with {named(entries)}"
            refuse(ProblemKind.INDEX, text, expected=entries, got=index)


def _wants_padding_index(args: Args, entries: Dim) -> None:
    if args.given("padding_idx"):
        index = args.dim("padding_idx")
        if less(entries - 1, index) or less(index, -entries):
            text = f"needs a padding_idx within {named(entries)} entries, gets {named(index)}"
            refuse(ProblemKind.INDEX, text, expected=entries, got=index)


def embedding_bag(args: Args) -> Result:
    """Indices (B, n), or (n,) with offsets (B,), to (B, width): each bag summed, averaged, or its maximum taken."""
    indices, weight = args.tensor("input"), args.tensor("weight")
    shape, table = args.shape("input"), args.shape("weight")
    mode = choice(args, "mode", ("sum", "mean", "max"))
    wants_rank(shape, 1, 2)
    wants_rank(table, 2, axes="in its weight")
    wants_indices(indices)
    bags = _bags(args, shape)
    _wants_sample_weights(args, shape, mode)
    if maybe(args, "include_last_offset") is False:
        wants_entries(indices, table[0])
    _wants_padding_index(args, table[0])
    return Result(TensorSpec((bags, table[1]), weight.dtype or "float32"), Embedding("embedding_bag", *table))


def _bags(args: Args, shape: Shape) -> Dim:
    if len(shape) == 2:
        if args.given("offsets") and args.bound["offsets"] is not UNKNOWN:
            refuse(ProblemKind.ARGUMENT, "takes no offsets beside indices with 2 axes")
        return shape[0]
    if not args.given("offsets"):
        refuse(ProblemKind.ARGUMENT, "needs offsets beside indices with 1 axis")
    offsets = args.shape("offsets")
    wants_rank(offsets, 1, axes="in its offsets")
    wants_indices(args.tensor("offsets"))
    first = (args.tensor("offsets").values or (0,))[0]
    if first != 0:
        refuse(ProblemKind.ARGUMENT, f"needs offsets that begin with 0, gets {first}", expected=0, got=first)
    last = maybe(args, "include_last_offset")
    if last is None:
        return opaque()
    if last and less(offsets[0], 1):
        refuse(ProblemKind.ARGUMENT, "needs at least one offset where the last is included", expected=1, got=0)
    return offsets[0] - int(last)


def _wants_sample_weights(args: Args, shape: Shape, mode: str) -> None:
    if not args.given("per_sample_weights"):
        return
    weights = args.shape("per_sample_weights")
    if len(weights) != len(shape) or any(map(differ, weights, shape)):
        text = f"needs weights of the indices' shape {shown(shape)}, gets {shown(weights)}"
        refuse(ProblemKind.BROADCAST, text, expected=shape, got=weights)
    if mode != "sum":
        refuse(ProblemKind.ARGUMENT, f"weights samples in mode 'sum' only, not in mode {mode!r}", got=mode)


def one_hot(args: Args) -> Result:
    """Classes (*) to (*, num_classes)."""
    tensor, shape = args.tensor("input"), args.shape("input")
    wants_indices(tensor, ("int64",))
    classes = args.dim("num_classes")
    if classes == -1:
        known = [value for value in tensor.values or () if isinstance(value, int)]
        classes = max(known) + 1 if known else opaque(1)
    elif less(classes, 1):
        refuse(ProblemKind.ARGUMENT, f"needs at least 1 class, gets {named(classes)}", expected=1, got=classes)
    elif not isinstance(classes, int):
        classes = _checked(classes)
    wants_entries(tensor, classes)
    return Result(TensorSpec((*shape, classes), "int64"), Factory("one_hot"))


def _checked(classes: Dim) -> Dim:
    """An unknown number of classes could be -1, which stands for another number."""
    return classes if not less(classes, 1) and less(-1, classes) else opaque(1)


_HOME = "torch.nn.functional."
_OPTIONS = "max_norm=None, norm_type=2.0, scale_grad_by_freq=False"

FUNCTIONS: tuple[FunctionSpec, ...] = (
    FunctionSpec(
        "embedding",
        (_HOME + "embedding",),
        Signature(f"input, weight, padding_idx=None, {_OPTIONS}, sparse=False"),
        embedding,
    ),
    FunctionSpec(
        "embedding_bag",
        (_HOME + "embedding_bag",),
        Signature(
            "input, weight, offsets=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, mode='mean', "
            "sparse=False, per_sample_weights=None, include_last_offset=False, padding_idx=None"
        ),
        embedding_bag,
    ),
    FunctionSpec(
        "embedding",
        ("torch.embedding",),
        Signature("weight, input, padding_idx=None, scale_grad_by_freq=False, sparse=False"),
        embedding,
    ),
    FunctionSpec("one_hot", (_HOME + "one_hot",), Signature("input, num_classes=-1"), one_hot),
)
