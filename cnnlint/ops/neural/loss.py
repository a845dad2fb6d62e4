"""Losses of one value for each element: a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from cnnlint.graph.dims import Shape, differ
from cnnlint.graph.model import ProblemKind
from cnnlint.ops.neural.reductions import REDUCTIONS, reduced, together
from cnnlint.ops.reading import floating, number, shown
from cnnlint.ops.spec import Args, FunctionSpec, Result, Signature, refuse
from cnnlint.ops.tensors.broadcasting import wants_expandable

Check = Callable[[Args], None]


@dataclass(frozen=True, slots=True)
class ElementLoss:
    """One row: what the input must be, the parameters, the tensors that are broadcast, and what else is asked."""

    name: str
    expects: str
    signature: str
    tensors: tuple[str, ...] = ("input", "target")
    reductions: tuple[str, ...] = REDUCTIONS
    check: Check | None = None


def element_loss(args: Args, row: ElementLoss) -> Result:
    """Input and target (*), or broadcastable to each other; (*) or one number."""
    if row.check is not None:
        row.check(args)
    shape = together(args, *row.tensors)
    return reduced(Args(row.name, args.bound), shape, row.expects, args.tensor(row.tensors[0]), row.reductions)


def _same_shape(args: Args) -> None:
    _wants_equal(args.shape("input"), args.shape("target"))
    for key in ("input", "target"):
        if not floating(args.tensor(key)):
            dtype = args.tensor(key).dtype
            refuse(ProblemKind.DTYPE, f"needs a floating-point {key}, gets {dtype}", got=dtype)


def _wants_equal(expected: Shape, got: Shape) -> None:
    if len(expected) != len(got) or any(map(differ, expected, got)):
        text = f"needs a target of the input's shape {shown(expected)}, gets {shown(got)}"
        refuse(ProblemKind.BROADCAST, text, expected=expected, got=got)


def _target_fits(args: Args) -> None:
    wants_expandable(args.shape("target"), args.shape("input"), "target")


def _same_rank(*keys: str) -> Check:
    def check(args: Args) -> None:
        ranks = [len(args.shape(key)) for key in keys]
        if len(set(ranks)) > 1:
            text = f"needs tensors with equally many axes, gets {', '.join(map(str, ranks))}"
            refuse(ProblemKind.RANK, text, expected=ranks[0], got=ranks[-1])

    return check


def _at_least(key: str, low: float, strict: bool) -> Check:
    def check(args: Args) -> None:
        value = number(args, key)
        if value is not None and (value <= low if strict else value < low):
            refuse(ProblemKind.ARGUMENT, f"needs {key} {'above' if strict else 'of at least'} {low}, gets {value}")

    return check


_OLD = "size_average=None, reduce=None, reduction='mean'"
_PAIR = ("input", "target")

LOSSES: tuple[ElementLoss, ...] = (
    ElementLoss("l1_loss", "values", f"input, target, {_OLD}, weight=None", (*_PAIR, "weight")),
    ElementLoss("mse_loss", "values", f"input, target, {_OLD}, weight=None", (*_PAIR, "weight")),
    ElementLoss(
        "smooth_l1_loss", "values", f"input, target, {_OLD}, beta=1.0", check=_at_least("beta", 0, strict=False)
    ),
    ElementLoss(
        "huber_loss", "values", "input, target, reduction='mean', delta=1.0, weight=None", (*_PAIR, "weight"),
        check=_at_least("delta", 0, strict=True),
    ),
    ElementLoss(
        "kl_div", "log-probabilities", f"input, target, {_OLD}, log_target=False", reductions=(*REDUCTIONS, "batchmean")
    ),
    ElementLoss(
        "binary_cross_entropy", "probabilities", f"input, target, weight=None, {_OLD}", (*_PAIR, "weight"),
        check=_same_shape,
    ),
    ElementLoss(
        "binary_cross_entropy_with_logits", "logits", f"input, target, weight=None, {_OLD}, pos_weight=None",
        (*_PAIR, "weight", "pos_weight"), check=_same_shape,
    ),
    ElementLoss(
        "poisson_nll_loss", "values",
        "input, target, log_input=True, full=False, size_average=None, eps=1e-08, reduce=None, reduction='mean'",
    ),
    ElementLoss("hinge_embedding_loss", "values", f"input, target, margin=1.0, {_OLD}"),
    ElementLoss("soft_margin_loss", "logits", f"input, target, {_OLD}", check=_target_fits),
    ElementLoss(
        "margin_ranking_loss", "values", f"input1, input2, target, margin=0, {_OLD}", ("input1", "input2", "target"),
        check=_same_rank("input1", "input2", "target"),
    ),
)  # fmt: skip

ROWS = {row.name: row for row in LOSSES}

FUNCTIONS: tuple[FunctionSpec, ...] = tuple(
    FunctionSpec(
        row.name, (f"torch.nn.functional.{row.name}",), Signature(row.signature), partial(element_loss, row=row)
    )
    for row in LOSSES
)
