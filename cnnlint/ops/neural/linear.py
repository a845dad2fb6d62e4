"""Matrix layers: linear and bilinear maps."""

from __future__ import annotations

from cnnlint.graph.dims import differ, product
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Dense
from cnnlint.ops.neural.conv import bias_given, wants_floats
from cnnlint.ops.reading import like, shown, wants_channels, wants_rank
from cnnlint.ops.spec import Args, FunctionSpec, Result, Signature, refuse


def linear(args: Args) -> Result:
    """Input (*, in_features), weight (out_features, in_features) or (in_features,)."""
    tensor, shape, weight = args.tensor("input"), args.shape("input"), args.shape("weight")
    wants_rank(weight, 1, 2, axes="in its weight")
    if not shape:
        refuse(ProblemKind.RANK, "expects a tensor with at least 1 axis, gets a scalar", expected=1, got=0)
    rows = weight[:-1]
    bias = args.given("bias") if not rows else bias_given(args, rows[0])
    output = shape[:-1] + rows
    macs = product(shape[:-1]) * product(weight)
    op = Dense("linear", weight[-1], product(rows), bias)
    result = Result(like(tensor, output), op, {"linear": macs})
    wants_channels(weight[-1], shape[-1], "input feature", len(shape) - 1, result)
    wants_floats(tensor, args)
    return result


def bilinear(args: Args) -> Result:
    """Inputs (*, in1) and (*, in2), weight (out, in1, in2)."""
    left, right, weight = args.shape("input1"), args.shape("input2"), args.shape("weight")
    wants_rank(weight, 3, axes="in its weight")
    bias = bias_given(args, weight[0])
    if len(left) != len(right) or any(map(differ, left[:-1], right[:-1])):
        text = f"needs two inputs that agree up to the last axis, gets {shown(left)} and {shown(right)}"
        refuse(ProblemKind.BROADCAST, text, expected=left, got=right)
    if not left:
        refuse(ProblemKind.RANK, "expects tensors with at least 1 axis, gets scalars", expected=1, got=0)
    op = Dense("bilinear", weight[1] * weight[2], weight[0], bias)
    result = Result(like(args.tensor("input1"), (*left[:-1], weight[0])), op)
    wants_channels(weight[1], left[-1], "first input feature", len(left) - 1, result)
    wants_channels(weight[2], right[-1], "second input feature", len(right) - 1, result)
    wants_floats(args.tensor("input1"), args)
    return result


FUNCTIONS: tuple[FunctionSpec, ...] = (
    FunctionSpec("linear", ("torch.nn.functional.linear",), Signature("input, weight, bias=None"), linear),
    FunctionSpec(
        "bilinear",
        ("torch.nn.functional.bilinear", "torch.bilinear"),
        Signature("input1, input2, weight, bias=None"),
        bilinear,
    ),
)
