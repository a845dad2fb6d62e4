"""Distances and similarities of vectors, and the losses over them."""

from __future__ import annotations

from cnnlint.graph.dims import Shape, differ
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Elementwise, Loss, Reduction
from cnnlint.ops.neural.reductions import reduced, reduction
from cnnlint.ops.reading import axis_of, like, maybe, number, shown, wants_floating, wants_rank
from cnnlint.ops.spec import Args, FunctionSpec, Result, Signature, TensorLike, TensorSpec, Unclear, refuse
from cnnlint.ops.tensors.broadcasting import wants_broadcast


def _broadcast(*shapes: Shape) -> Shape:
    return wants_broadcast(shapes)


def cosine_similarity(args: Args) -> Result:
    """x1 and x2 (*), broadcast, to (*) without ``dim``."""
    shape = _broadcast(args.shape("x1"), args.shape("x2"))
    if not shape:
        dim = axis_of(args, "dim", 0)
        return Result(like(args.tensor("x1"), ()), Reduction("cosine_similarity", (dim,)))
    dim = axis_of(args, "dim", len(shape))
    return Result(like(args.tensor("x1"), shape[:dim] + shape[dim + 1 :]), Reduction("cosine_similarity", (dim,)))


def pairwise_distance(args: Args) -> Result:
    """x1 and x2 (*, D), broadcast, to (*), or (*, 1) with ``keepdim``."""
    number(args, "p")
    keepdim = args.flag("keepdim")
    shape = _broadcast(args.shape("x1"), args.shape("x2"))
    output: Shape = (*shape[:-1], 1) if keepdim and shape else shape[:-1]
    return Result(like(args.tensor("x1"), output), Reduction("pairwise_distance", (max(len(shape) - 1, 0),), keepdim))


def normalize(args: Args) -> Result:
    """(*) to (*): divided by its norm along ``dim``."""
    tensor, shape = args.tensor("input"), args.shape("input")
    number(args, "p")
    if isinstance(args["dim"], list | tuple):
        for item in args["dim"]:
            axis_of(Args(args.name, {"dim": item}), "dim", len(shape))
    else:
        axis_of(args, "dim", len(shape))
    wants_floating(tensor)
    return Result(like(tensor), Elementwise("normalize"))


def cosine_embedding_loss(args: Args) -> Result:
    """Inputs (N, D) with a target (N,), or (D,) with ()."""
    left, right, target = (args.shape(key) for key in ("input1", "input2", "target"))
    wants_rank(target, 0, 1, axes="in its target")
    for shape in (left, right):
        wants_rank(shape, len(target) + 1)
    joined = _broadcast(left, right)
    return reduced(args, _broadcast(joined[:-1], target), "values", args.tensor("input1"))


def triplet_margin_loss(args: Args) -> Result:
    """Anchor, positive and negative (*, D)."""
    anchor, positive, negative = (args.shape(key) for key in ("anchor", "positive", "negative"))
    if not len(anchor) == len(positive) == len(negative):
        text = f"needs tensors with equally many axes, gets {shown(anchor)}, {shown(positive)} and {shown(negative)}"
        refuse(ProblemKind.RANK, text, expected=len(anchor), got=len(negative))
    pairs = [_broadcast(anchor, positive), _broadcast(anchor, negative)]
    if maybe(args, "swap") is not False:
        pairs.append(_broadcast(positive, negative))
    return reduced(args, wants_broadcast([pair[:-1] for pair in pairs]), "values", args.tensor("anchor"))


def triplet_margin_with_distance_loss(args: Args) -> Result:
    """As ``triplet_margin_loss``, with a distance of one's own."""
    if args.given("distance_function"):
        if reduction(args) == "none":
            raise Unclear("triplet_margin_with_distance_loss: the distance function is not evaluated")
        return Result(TensorSpec((), args.tensor("anchor").dtype), Loss(args.name, "values"))
    return triplet_margin_loss(args)


def ctc_loss(args: Args) -> Result:
    """Log-probabilities (T, N, C) or (T, C), lengths (N,) or ()."""
    shape = args.shape("log_probs")
    wants_rank(shape, 2, 3, axes="(T, N, C) or without N")
    return reduced(args, shape[1:2] if len(shape) == 3 else (), "log-probabilities", args.tensor("log_probs"))


def gaussian_nll_loss(args: Args) -> Result:
    """Input, target and variance (*); the variance may have one value for each sample."""
    shape, target = args.shape("input"), args.shape("target")
    variance = args["var"]
    spread = shape if not isinstance(variance, TensorLike) else args.shape("var")
    short = len(spread) == len(shape) - 1
    unlike = [size for size, wanted in zip(spread, shape, strict=False) if differ(size, wanted)]
    if (len(spread) != len(shape) and not (short and not unlike)) or any(differ(size, 1) for size in unlike):
        text = f"needs a variance of shape {shown(shape)}, or with size 1 on one axis, gets {shown(spread)}"
        refuse(ProblemKind.BROADCAST, text, expected=shape, got=spread)
    return reduced(args, _broadcast(shape, target), "values", args.tensor("input"))


_HOME = "torch.nn.functional."
_OLD = "size_average=None, reduce=None, reduction='mean'"

FUNCTIONS: tuple[FunctionSpec, ...] = (
    FunctionSpec(
        "cosine_similarity", (_HOME + "cosine_similarity", "torch.cosine_similarity"),
        Signature("x1, x2, dim=1, eps=1e-8"), cosine_similarity,
    ),
    FunctionSpec(
        "pairwise_distance", (_HOME + "pairwise_distance", "torch.pairwise_distance"),
        Signature("x1, x2, p=2.0, eps=1e-6, keepdim=False"), pairwise_distance,
    ),
    FunctionSpec(
        "normalize", (_HOME + "normalize",), Signature("input, p=2.0, dim=1, eps=1e-12, out=None"), normalize
    ),
    FunctionSpec(
        "cosine_embedding_loss", (_HOME + "cosine_embedding_loss",),
        Signature(f"input1, input2, target, margin=0, {_OLD}"), cosine_embedding_loss,
    ),
    FunctionSpec(
        "triplet_margin_loss", (_HOME + "triplet_margin_loss",),
        Signature(f"anchor, positive, negative, margin=1.0, p=2, eps=1e-06, swap=False, {_OLD}"), triplet_margin_loss,
    ),
    FunctionSpec(
        "triplet_margin_with_distance_loss", (_HOME + "triplet_margin_with_distance_loss",),
        Signature(
            "anchor, positive, negative, *, distance_function=None, margin=1.0, swap=False, reduction='mean'"
        ),
        triplet_margin_with_distance_loss,
    ),
    FunctionSpec(
        "ctc_loss", (_HOME + "ctc_loss",),
        Signature(
            "log_probs, targets, input_lengths, target_lengths, blank=0, reduction='mean', zero_infinity=False"
        ),
        ctc_loss,
    ),
    FunctionSpec(
        "gaussian_nll_loss", (_HOME + "gaussian_nll_loss",),
        Signature("input, target, var, full=False, eps=1e-06, reduction='mean'"), gaussian_nll_loss,
    ),
)  # fmt: skip
