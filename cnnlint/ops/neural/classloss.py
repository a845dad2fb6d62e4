"""Losses over classes: cross entropy and its relatives."""

from __future__ import annotations

from cnnlint.graph.dims import Dim, Shape, Sym, differ, less, product, same
from cnnlint.graph.model import ProblemKind
from cnnlint.ops.neural.reductions import reduced, together
from cnnlint.ops.reading import count, floating, named, number, shown, wants_rank
from cnnlint.ops.spec import UNKNOWN, Args, FunctionSpec, Result, Signature, refuse

_INDEX_TYPES = (None, "int64", "uint8")


def nll_loss(args: Args) -> Result:
    """Input (N, C, *) or (C,), target (N, *) or () of class numbers."""
    return _by_class(args, "log-probabilities")


def cross_entropy(args: Args) -> Result:
    """As ``nll_loss``, from logits; the target may also hold a probability for each class, in the input's shape."""
    smoothing = number(args, "label_smoothing")
    if smoothing is not None and not 0 <= smoothing <= 1:
        refuse(ProblemKind.ARGUMENT, f"needs a label_smoothing between 0 and 1, gets {smoothing}")
    shape, target = args.shape("input"), args.shape("target")
    _wants_classes(shape)
    if len(shape) != len(target) or any(map(differ, shape, target)) or _is_one_class(args, shape, target):
        return _by_class(args, "logits")
    dtype = args.tensor("target").dtype
    if not floating(args.tensor("target")):
        text = f"needs a floating-point target where it has a number for each class, gets {dtype}"
        refuse(ProblemKind.DTYPE, text, got=dtype)
    _wants_weight(args, shape)
    rest = () if len(shape) == 1 else (shape[0], *shape[2:])
    return reduced(args, rest, "logits", args.tensor("input"))


def _is_one_class(args: Args, shape: Shape, target: Shape) -> bool:
    """One class number in an axis of its own beside scores (C,), where C is not known to be 1."""
    whole = not floating(args.tensor("target"))
    return whole and len(target) == 1 and not differ(target[0], 1) and not same(shape[0], target[0])


def _by_class(args: Args, expects: str) -> Result:
    shape, target, dtype = args.shape("input"), args.shape("target"), args.tensor("target").dtype
    _wants_classes(shape)
    wanted: Shape = () if len(shape) == 1 else (shape[0], *shape[2:])
    result = reduced(args, wanted, expects, args.tensor("input"))
    alone = len(shape) == len(target) == 1 and not differ(target[0], 1)
    if not alone and (len(target) != len(wanted) or any(map(differ, target, wanted))):
        text = f"needs a target of shape {shown(wanted)} for an input of {shown(shape)}, gets {shown(target)}"
        refuse(ProblemKind.BROADCAST, text, expected=wanted, got=target, result=result)
    if dtype not in _INDEX_TYPES:
        text = f"needs class numbers of type int64 as target, gets {dtype}"
        refuse(ProblemKind.DTYPE, text, expected="int64", got=dtype, result=result)
    _wants_weight(args, shape)
    _wants_known_classes(args, shape[0] if len(shape) == 1 else shape[1], result)
    return result


def _wants_known_classes(args: Args, classes: Dim, result: Result) -> None:
    ignored = args.bound.get("ignore_index")
    if ignored is UNKNOWN or isinstance(ignored, Sym):
        return
    for value in args.tensor("target").values or ():
        if isinstance(value, int) and value != ignored and (value < 0 or less(classes - 1, value)):
            text = f"has a target of class {value} among {count(classes, 'class')}"
            refuse(ProblemKind.INDEX, text, expected=classes, got=value, result=result)


def _wants_classes(shape: Shape) -> None:
    if not shape:
        refuse(ProblemKind.RANK, "needs an input with an axis of classes, gets a scalar", expected=1, got=0)


def _wants_weight(args: Args, shape: Shape) -> None:
    if not args.given("weight"):
        return
    weight, classes = args.shape("weight"), shape[0] if len(shape) == 1 else shape[1]
    if len(weight) != 1 or differ(weight[0], classes):
        text = f"needs a weight for each of {named(classes)} classes, gets {shown(weight)}"
        refuse(ProblemKind.CHANNELS, text, expected=(classes,), got=weight)


def multi_margin_loss(args: Args) -> Result:
    """Input (N, C), (C,) or (), target (N,) or () of class numbers."""
    p = number(args, "p")
    if p is not None and p not in (1, 2):
        refuse(ProblemKind.ARGUMENT, f"needs p of 1 or 2, gets {p}", got=repr(p))
    shape, target = args.shape("input"), args.shape("target")
    wants_rank(shape, 0, 1, 2)
    wants_rank(target, 0, 1, axes="in its target")
    samples: Dim = shape[0] if len(shape) == 2 else 1
    result = reduced(args, target, "values", args.tensor("input"))
    if differ(product(target), samples):
        text = f"needs a target for each of {count(samples, 'sample')}, gets {shown(target)}"
        refuse(ProblemKind.BROADCAST, text, expected=(samples,), got=target, result=result)
    if args.tensor("target").dtype not in (None, "int64"):
        dtype = args.tensor("target").dtype
        refuse(ProblemKind.DTYPE, f"needs class numbers of type int64, gets {dtype}", expected="int64", got=dtype)
    if shape:
        _wants_weight(args, shape)
        _wants_known_classes(args, shape[-1], result)
    return result


def multilabel_margin_loss(args: Args) -> Result:
    """Input and target (N, C), (C,) or ()."""
    shape, target = args.shape("input"), args.shape("target")
    wants_rank(shape, 0, 1, 2)
    fits = len(shape) == len(target) if len(shape) == 2 else len(target) < 2
    if not fits or differ(product(shape), product(target)) or (len(shape) == 2 and any(map(differ, shape, target))):
        text = f"needs a target of the input's shape {shown(shape)}, gets {shown(target)}"
        refuse(ProblemKind.BROADCAST, text, expected=shape, got=target)
    return reduced(args, shape[:1] if len(shape) == 2 else (), "values", args.tensor("input"))


def multilabel_soft_margin_loss(args: Args) -> Result:
    """Input and target (*, C); averaged over the classes."""
    _wants_classes(args.shape("input"))
    shape = together(args, "input", "target", "weight")
    return reduced(args, shape[:-1], "logits", args.tensor("input"))


_HOME = "torch.nn.functional."
_OLD = "size_average=None, reduce=None, reduction='mean'"
_INDEXED = "size_average=None, ignore_index=-100, reduce=None, reduction='mean'"

FUNCTIONS: tuple[FunctionSpec, ...] = (
    FunctionSpec("nll_loss", (_HOME + "nll_loss",), Signature(f"input, target, weight=None, {_INDEXED}"), nll_loss),
    FunctionSpec(
        "cross_entropy",
        (_HOME + "cross_entropy",),
        Signature(f"input, target, weight=None, {_INDEXED}, label_smoothing=0.0"),
        cross_entropy,
    ),
    FunctionSpec(
        "multi_margin_loss",
        (_HOME + "multi_margin_loss",),
        Signature(f"input, target, p=1, margin=1.0, weight=None, {_OLD}"),
        multi_margin_loss,
    ),
    FunctionSpec(
        "multilabel_margin_loss",
        (_HOME + "multilabel_margin_loss",),
        Signature(f"input, target, {_OLD}"),
        multilabel_margin_loss,
    ),
    FunctionSpec(
        "multilabel_soft_margin_loss",
        (_HOME + "multilabel_soft_margin_loss",),
        Signature(f"input, target, weight=None, {_OLD}"),
        multilabel_soft_margin_loss,
    ),
)
