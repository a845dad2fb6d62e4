"""Normalisations over parts of one sample: groups of channels, trailing axes, neighbouring channels."""

from __future__ import annotations

from cnnlint.graph.dims import Shape, differ, product, same
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Normalisation, NormKind
from cnnlint.ops.neural.norms import wants_axes
from cnnlint.ops.reading import floating, like, number, shown, size_of, wants_channels, wants_divisible, wants_floating
from cnnlint.ops.spec import Args, FunctionSpec, Result, Signature, TensorSpec, refuse


def group_norm(args: Args) -> Result:
    """Input (N, C, *sizes), scale and shift (C,); C is split into ``num_groups``."""
    tensor, shape = args.tensor("input"), args.shape("input")
    wants_axes(shape, 2)
    groups = size_of(args, "num_groups", 1)
    given = [args.shape(key) for key in ("weight", "bias") if args.given(key)]
    features = product(given[0]) if given else shape[1]
    op = Normalisation("group_norm", NormKind.GROUP, features, groups, affine=args.given("weight"))
    result = Result(like(tensor), op)
    for scale in given:
        wants_channels(product(scale), shape[1], "channel", 1, result)
    wants_divisible(shape[1], groups, "the number of channels", "num_groups", result)
    if same(product((shape[0] * shape[1] // groups, *shape[2:])), 1):
        text = f"needs more than one value per group, gets {shown(shape)} in {groups} groups"
        refuse(ProblemKind.ARGUMENT, text, got=shape, result=result)
    wants_floating(tensor)
    return result


def trailing_norm(args: Args, kind: NormKind) -> Result:
    """Layer and RMS norm: the trailing axes of the input are ``normalized_shape``, as scale and shift are."""
    tensor, shape = args.tensor("input"), args.shape("input")
    wanted = normalized_shape(args)
    op = Normalisation(f"{kind}_norm", kind, product(wanted), affine=args.given("weight"))
    result = Result(like(tensor), op)
    if len(shape) < len(wanted):
        text = f"normalises the last {len(wanted)} axes {shown(wanted)}, gets {shown(shape)}"
        refuse(ProblemKind.RANK, text, expected=len(wanted), got=len(shape))
    tail = shape[len(shape) - len(wanted) :]
    if any(map(differ, wanted, tail)):
        text = f"normalises trailing axes of shape {shown(wanted)}, gets {shown(tail)}"
        one = len(wanted) == 1
        refuse(
            ProblemKind.CHANNELS, text, expected=wanted[0] if one else wanted, got=tail[0] if one else tail,
            axis=len(shape) - 1, result=result,
        )  # fmt: skip
    for key in ("weight", "bias"):
        if args.bound.get(key) is not None:
            _wants_shape(key, args.shape(key), wanted)
    wants_floating(tensor)
    return result


def normalized_shape(args: Args) -> Shape:
    """The ``normalized_shape`` argument; refuses an empty one."""
    value = args["normalized_shape"]
    if isinstance(value, list | tuple):
        sizes = Args(args.name, {"normalized_shape": value}).axes("normalized_shape", len(value))
    else:
        sizes = (args.dim("normalized_shape"),)
    if not sizes:
        refuse(ProblemKind.ARGUMENT, "needs at least one axis to normalise", expected=1, got=0)
    return sizes


def _wants_shape(key: str, got: Shape, wanted: Shape) -> None:
    if len(got) != len(wanted) or any(map(differ, got, wanted)):
        text = f"needs a {key} of shape {shown(wanted)}, gets {shown(got)}"
        refuse(ProblemKind.CHANNELS, text, expected=wanted, got=got)


def layer_norm(args: Args) -> Result:
    """Input (*, *normalized_shape)."""
    return trailing_norm(args, NormKind.LAYER)


def rms_norm(args: Args) -> Result:
    """Input (*, *normalized_shape)."""
    return trailing_norm(args, NormKind.RMS)


def local_response_norm(args: Args) -> Result:
    """Input (N, C, *sizes); each channel is divided by its ``size`` neighbours."""
    tensor, shape = args.tensor("input"), args.shape("input")
    wants_axes(shape, 3)
    size_of(args, "size", 1)
    for key in ("alpha", "beta", "k"):
        number(args, key)
    op = Normalisation("local_response_norm", NormKind.LOCAL_RESPONSE, shape[1], affine=False)
    return Result(TensorSpec(shape, tensor.dtype if floating(tensor) else None), op)


FUNCTIONS: tuple[FunctionSpec, ...] = (
    FunctionSpec(
        "group_norm",
        ("torch.nn.functional.group_norm",),
        Signature("input, num_groups, weight=None, bias=None, eps=1e-05"),
        group_norm,
    ),
    FunctionSpec(
        "group_norm",
        ("torch.group_norm",),
        Signature("input, num_groups, weight=None, bias=None, eps=1e-05, cudnn_enabled=True"),
        group_norm,
    ),
    FunctionSpec(
        "layer_norm",
        ("torch.nn.functional.layer_norm",),
        Signature("input, normalized_shape, weight=None, bias=None, eps=1e-05"),
        layer_norm,
    ),
    FunctionSpec(
        "layer_norm",
        ("torch.layer_norm",),
        Signature("input, normalized_shape, weight=None, bias=None, eps=1e-05, cudnn_enable=True"),
        layer_norm,
    ),
    FunctionSpec(
        "rms_norm",
        ("torch.nn.functional.rms_norm", "torch.rms_norm"),
        Signature("input, normalized_shape, weight=None, eps=None"),
        rms_norm,
    ),
    FunctionSpec(
        "local_response_norm",
        ("torch.nn.functional.local_response_norm",),
        Signature("input, size, alpha=0.0001, beta=0.75, k=1.0"),
        local_response_norm,
    ),
)
