"""Dropout of elements and of whole channels."""

from __future__ import annotations

from functools import partial

from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Dropout
from cnnlint.ops.reading import count, like, maybe, probability, wants_floating, wants_rank
from cnnlint.ops.spec import Args, FunctionSpec, Result, Signature, refuse

# Accepted numbers of axes, always; and the least number where something is dropped.
_RANKS: dict[str, tuple[int, ...]] = {"dropout1d": (2, 3)}
_LEAST_AXES = {"dropout2d": 2, "dropout3d": 1, "feature_dropout": 2, "feature_alpha_dropout": 2}


def dropout(args: Args, name: str, channelwise: bool = False) -> Result:
    """Any input; channelwise forms drop whole (H, W) maps."""
    tensor, shape = args.tensor("input"), args.shape("input")
    p = probability(args)
    if name in _RANKS:
        wants_rank(shape, *_RANKS[name])
    training = maybe(args, "training")
    drops = training and p is not None and 0 < p < 1
    if drops and len(shape) < _LEAST_AXES.get(name, 0):
        least = _LEAST_AXES[name]
        text = f"expects a tensor with at least {count(least, 'axis')}, gets {len(shape)}"
        refuse(ProblemKind.RANK, text, expected=least, got=len(shape))
    if drops:
        wants_floating(tensor)
    inplace = "inplace" in args.bound and bool(maybe(args, "inplace"))
    always_on = training is True and not args.training
    return Result(like(tensor), Dropout(name, p, channelwise, inplace or args.name.endswith("_"), always_on))


_HOME = "torch.nn.functional."
_ON, _OFF = "input, p=0.5, training=True, inplace=False", "input, p=0.5, training=False, inplace=False"
_TORCH = "input, p, train"

# Name, default signature, whether whole channels are dropped.
_FORMS: tuple[tuple[str, str, bool], ...] = (
    ("dropout", _ON, False),
    ("dropout1d", _ON, True),
    ("dropout2d", _ON, True),
    ("dropout3d", _ON, True),
    ("alpha_dropout", _OFF, False),
    ("feature_alpha_dropout", _OFF, True),
)


def _torch_form(args: Args, name: str, channelwise: bool) -> Result:
    return dropout(Args(args.name, {**args.bound, "training": args.bound["train"]}), name, channelwise)


FUNCTIONS: tuple[FunctionSpec, ...] = tuple(
    FunctionSpec(name, (_HOME + name,), Signature(signature), partial(dropout, name=name, channelwise=channelwise))
    for name, signature, channelwise in _FORMS
) + tuple(
    FunctionSpec(
        name + suffix,
        (f"torch.{name}{suffix}",),
        Signature(_TORCH),
        partial(_torch_form, name=name, channelwise=name.startswith("feature")),
    )
    for name in ("dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout")
    for suffix in ("", "_")
)
