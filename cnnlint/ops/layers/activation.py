"""Activation layers: a table over the functional forms."""

from __future__ import annotations

from functools import partial

from cnnlint.graph.model import ProblemKind
from cnnlint.ops.layers.common import PLACE, keep, kept, simple, through
from cnnlint.ops.neural.activation import activate
from cnnlint.ops.neural.softmax import glu, prelu, softmax, softmax2d
from cnnlint.ops.reading import number, parameter, size_of, wants_rank
from cnnlint.ops.spec import Args, LayerSpec, LayerState, Result, refuse

# Class, constructor, function; the attributes are the constructor's parameters.
_ELEMENTWISE: tuple[tuple[str, str, str], ...] = (
    ("ReLU", "inplace=False", "relu"),
    ("SiLU", "inplace=False", "silu"),
    ("Mish", "inplace=False", "mish"),
    ("Hardswish", "inplace=False", "hardswish"),
    ("Hardsigmoid", "inplace=False", "hardsigmoid"),
    ("SELU", "inplace=False", "selu"),
    ("LeakyReLU", "negative_slope=0.01, inplace=False", "leaky_relu"),
    ("ELU", "alpha=1.0, inplace=False", "elu"),
    ("CELU", "alpha=1.0, inplace=False", "celu"),
    ("GELU", "approximate='none'", "gelu"),
    ("RReLU", "lower=0.125, upper=0.3333333333333333, inplace=False", "rrelu"),
    ("Threshold", "threshold, value, inplace=False", "threshold"),
    ("Hardshrink", "lambd=0.5", "hardshrink"),
    ("Softshrink", "lambd=0.5", "softshrink"),
    ("Softplus", "beta=1.0, threshold=20.0", "softplus"),
    ("Sigmoid", "", "sigmoid"),
    ("Tanh", "", "tanh"),
    ("Tanhshrink", "", "tanhshrink"),
    ("Softsign", "", "softsign"),
    ("LogSigmoid", "", "logsigmoid"),
)


def _elementwise(name: str, signature: str, function: str) -> LayerSpec:
    keys = tuple(part.partition("=")[0].strip() for part in signature.split(",") if part.strip())
    return simple(name, signature, keep(*keys), through(partial(activate, name=function), function, *keys))


def _build_hardtanh(args: Args) -> LayerState:
    fields = kept(args, "inplace")
    for key, old in (("min_val", "min_value"), ("max_val", "max_value")):
        fields[key] = args.bound[old if args.given(old) else key]
    bounds = Args(args.name, fields)
    low, high = number(bounds, "min_val"), number(bounds, "max_val")
    if low is not None and high is not None and not low < high:
        refuse(ProblemKind.ARGUMENT, f"needs max_val above min_val, gets {low} and {high}")
    return LayerState(fields)


def _build_prelu(args: Args) -> LayerState:
    slopes = size_of(args, "num_parameters")
    return LayerState({"num_parameters": slopes, **kept(args, "init")}, {"weight": (slopes,)})


def _forward_prelu(state: LayerState, args: Args) -> Result:
    return prelu(Args("prelu", {**args.bound, "weight": parameter(state, "weight")}))


def _forward_softmax2d(state: LayerState, args: Args) -> Result:
    wants_rank(args.shape("input"), 3, 4, axes="(N, C, H, W) or without N")
    return softmax2d(Args("softmax", args.bound))


def _softmax(name: str, function: str) -> LayerSpec:
    return simple(name, "dim=None", keep("dim"), through(partial(softmax, name=function), function, "dim"))


_HARDTANH = "min_val=-1.0, max_val=1.0, inplace=False, min_value=None, max_value=None"
_HARDTANH_FIELDS = ("min_val", "max_val", "inplace")
_RELU6 = {"min_val": 0.0, "max_val": 6.0}


def _build_relu6(args: Args) -> LayerState:
    return LayerState({**_RELU6, **kept(args, "inplace")})


LAYERS: tuple[LayerSpec, ...] = (
    *(_elementwise(*row) for row in _ELEMENTWISE),
    simple(
        "Hardtanh", _HARDTANH, _build_hardtanh,
        through(partial(activate, name="hardtanh"), "hardtanh", *_HARDTANH_FIELDS),
    ),
    simple("ReLU6", "inplace=False", _build_relu6, through(partial(activate, name="relu6"), "relu6", "inplace")),
    simple("PReLU", "num_parameters=1, init=0.25" + PLACE, _build_prelu, _forward_prelu),
    simple("GLU", "dim=-1", keep("dim"), through(glu, "glu", "dim")),
    _softmax("Softmax", "softmax"),
    _softmax("LogSoftmax", "log_softmax"),
    _softmax("Softmin", "softmin"),
    simple("Softmax2d", "", keep(), _forward_softmax2d),
)  # fmt: skip
