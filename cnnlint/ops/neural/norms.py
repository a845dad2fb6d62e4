"""Batch and instance normalisation: channels on axis 1."""

from __future__ import annotations

from cnnlint.graph.dims import Dim, Shape, differ, product
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Normalisation, NormKind
from cnnlint.ops.reading import like, maybe, shown, wants_channels, wants_floating
from cnnlint.ops.spec import Args, FunctionSpec, Result, Signature, refuse

_PER_CHANNEL = ("weight", "bias", "running_mean", "running_var")


def batch_norm(args: Args) -> Result:
    """Input (N, C, *sizes); scale, shift and running statistics (C,)."""
    tensor, shape = args.tensor("input"), args.shape("input")
    wants_axes(shape, 2)
    training = maybe(args, "training")
    op = _operation(args, NormKind.BATCH, shape[1])
    result = Result(like(tensor), op)
    _wants_statistics(args, shape, result)
    if training is False and not (args.given("running_mean") and args.given("running_var")):
        refuse(ProblemKind.ARGUMENT, "needs running statistics outside training", result=result)
    if training and _is_one((shape[0], *shape[2:])):
        text = f"needs more than one value per channel in training, gets {shown(shape)}"
        refuse(ProblemKind.ARGUMENT, text, got=shape, result=result)
    wants_floating(tensor)
    return result


def instance_norm(args: Args) -> Result:
    """Input (N, C, *sizes); scale, shift and running statistics (C,)."""
    tensor, shape = args.tensor("input"), args.shape("input")
    wants_axes(shape, 2)
    own_statistics = maybe(args, "use_input_stats")
    op = _operation(args, NormKind.INSTANCE, shape[1])
    result = Result(like(tensor), op)
    _wants_statistics(args, shape, result)
    if own_statistics is False and not args.given("running_mean"):
        refuse(ProblemKind.ARGUMENT, "needs running statistics where it does not use the input's", result=result)
    if own_statistics and _is_one(shape[2:]):
        text = f"needs more than one spatial position, gets {shown(shape)}"
        refuse(ProblemKind.ARGUMENT, text, got=shape, result=result)
    wants_floating(tensor)
    return result


def wants_axes(shape: Shape, least: int) -> None:
    """Refuse a tensor with fewer axes than ``least``."""
    if len(shape) < least:
        text = f"expects a tensor with at least {least} axes, gets {len(shape)}: {shown(shape)}"
        refuse(ProblemKind.RANK, text, expected=least, got=len(shape))


def _operation(args: Args, kind: NormKind, channels: Dim) -> Normalisation:
    known = [args.shape(key) for key in _PER_CHANNEL if args.given(key)]
    features = known[0][0] if known and known[0] else channels
    return Normalisation(
        f"{kind}_norm", kind, features, affine=args.given("weight"), tracks_running_stats=args.given("running_mean")
    )


def _wants_statistics(args: Args, shape: Shape, result: Result) -> None:
    if args.given("running_mean") != args.given("running_var"):
        text = "needs both a running mean and a running variance, or neither"
        refuse(ProblemKind.ARGUMENT, text, result=result)
    for key in _PER_CHANNEL:
        if args.given(key):
            wants_channels(product(args.shape(key)), shape[1], "channel", 1, result)


def _is_one(sizes: Shape) -> bool:
    count = product(sizes)
    return not differ(count, 1) and count == 1


FUNCTIONS: tuple[FunctionSpec, ...] = (
    FunctionSpec(
        "batch_norm",
        ("torch.nn.functional.batch_norm",),
        Signature("input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05"),
        batch_norm,
    ),
    FunctionSpec(
        "batch_norm",
        ("torch.batch_norm",),
        Signature("input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled"),
        batch_norm,
    ),
    FunctionSpec(
        "instance_norm",
        ("torch.nn.functional.instance_norm",),
        Signature(
            "input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, "
            "eps=1e-05"
        ),
        instance_norm,
    ),
)
