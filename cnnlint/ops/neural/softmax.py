"""Activations along an axis: the softmax family, gated linear units, PReLU."""

from __future__ import annotations

from functools import partial

from cnnlint.graph.dims import Dim, differ, product
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Activation
from cnnlint.ops.reading import axis_of, floating, like, number, shown, wants_channels, wants_divisible, wants_floating
from cnnlint.ops.spec import Args, FunctionSpec, Result, Signature, TensorSpec, refuse

# Without an axis, torch's choice depends on the number of axes (torch.nn.functional._get_softmax_dim).
_IMPLICIT_FIRST = (0, 1, 3)


def softmax(args: Args, name: str) -> Result:
    """Input (*) to (*); the values along ``dim`` add up to 1 (before the logarithm, where there is one)."""
    tensor, shape = args.tensor("input"), args.shape("input")
    dim = axis_of(args, "dim", len(shape)) if args.given("dim") else int(len(shape) not in _IMPLICIT_FIRST)
    dtype = args.bound.get("dtype")
    if dtype is None and not floating(tensor):
        wants_floating(tensor)
    out = tensor.dtype if dtype is None else dtype if isinstance(dtype, str) else None
    return Result(TensorSpec(shape, out), Activation(name, dim=dim, implicit=not args.given("dim")))


def gumbel_softmax(args: Args) -> Result:
    """Input (*) to (*)."""
    number(args, "tau")
    return softmax(Args(args.name, {**args.bound, "input": args.bound["logits"]}), "gumbel_softmax")


def glu(args: Args) -> Result:
    """Halves the axis ``dim``: one half gates the other."""
    shape = args.shape("input")
    if not shape:
        refuse(ProblemKind.RANK, "cannot halve a scalar", expected=1, got=0)
    dim = axis_of(args, "dim", len(shape))
    halved: tuple[Dim, ...] = tuple(size // 2 if axis == dim else size for axis, size in enumerate(shape))
    result = Result(like(args.tensor("input"), halved), Activation("glu", dim=dim))
    wants_divisible(shape[dim], 2, f"axis {dim}", "2, to be halved", result)
    wants_floating(args.tensor("input"))
    return result


def prelu(args: Args) -> Result:
    """Input (N, C, *), weight one number or (C,)."""
    shape, weight = args.shape("input"), args.shape("weight")
    result = Result(like(args.tensor("input")), Activation("prelu"))
    if len(weight) > 1:
        text = f"needs a weight with at most 1 axis, gets {shown(weight)}"
        refuse(ProblemKind.RANK, text, expected=1, got=len(weight))
    slopes = product(weight)
    if differ(slopes, 1):
        wants_channels(slopes, shape[1] if len(shape) > 1 else 1, "channel", 1, result)
    return result


def softmax2d(args: Args) -> Result:
    """Input (N, C, H, W) or (C, H, W); over the channels."""
    return softmax(Args(args.name, {**args.bound, "dim": -3}), "softmax")


_FUNCTIONAL = "input, dim=None, _stacklevel=3, dtype=None"


def _family(name: str) -> tuple[FunctionSpec, ...]:
    entry = partial(softmax, name=name)
    home = f"torch.nn.functional.{name}"
    if name == "softmin":
        return (FunctionSpec(name, (home,), Signature(_FUNCTIONAL), entry),)
    return (
        FunctionSpec(name, (home,), Signature(_FUNCTIONAL), entry),
        FunctionSpec(name, (f"torch.{name}", f"Tensor.{name}"), Signature("input, dim, dtype=None"), entry),
        FunctionSpec(name, (f"torch.special.{name}",), Signature("input, dim, *, dtype=None"), entry),
    )


FUNCTIONS: tuple[FunctionSpec, ...] = (
    *_family("softmax"),
    *_family("log_softmax"),
    *_family("softmin"),
    FunctionSpec(
        "gumbel_softmax",
        ("torch.nn.functional.gumbel_softmax",),
        Signature("logits, tau=1, hard=False, eps=1e-10, dim=-1"),
        gumbel_softmax,
    ),
    FunctionSpec("glu", ("torch.nn.functional.glu",), Signature("input, dim=-1"), glu),
    FunctionSpec(
        "prelu", ("torch.nn.functional.prelu", "torch.prelu", "Tensor.prelu"), Signature("input, weight"), prelu
    ),
)
