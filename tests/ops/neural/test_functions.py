"""Functions of ``torch.nn.functional``, their aliases on ``torch`` and tensors, and in-place forms, against torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]
FLAG = st.booleans()
COUNT = st.integers(1, 3)
OFF = st.sampled_from([0] * 9 + [1])


def shapes(low: int = 0, high: int = 4) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(COUNT, min_size=low, max_size=high).map(tuple)


DTYPES = st.sampled_from([torch.float32] * 5 + [torch.int64])
ANY = st.tuples(shapes(), DTYPES).map(lambda drawn: torch.ones(drawn[0], dtype=drawn[1]))
FLOATS = shapes().map(torch.ones)
IMAGES = shapes(3, 5).map(torch.ones)


def call(*args: st.SearchStrategy[Any], **kwargs: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Positional arguments, and keyword arguments of which some are left out."""
    return st.tuples(st.tuples(*args), st.fixed_dictionaries({}, optional=kwargs))


@st.composite
def convolution(draw: Draw, n: int, transposed: bool) -> Any:
    groups, fan_in, out = draw(st.sampled_from([1, 1, 2])), draw(COUNT), draw(COUNT)
    kernel = [draw(COUNT) for _ in range(n)]
    weight = [groups * fan_in, out, *kernel] if transposed else [groups * out, fan_in, *kernel]
    front = draw(st.sampled_from([[2], [1], []]))
    sizes = [draw(st.integers(1, 6)) for _ in range(n)]
    kwargs: dict[str, Any] = {"groups": groups}
    optional = {"stride": COUNT, "dilation": COUNT, "padding": st.integers(0, 2)}
    optional["bias"] = st.just(torch.ones(groups * out + draw(OFF)))
    if transposed:
        optional["output_padding"] = st.integers(0, 2)
    elif draw(st.integers(0, 4)) == 0:
        optional["padding"] = st.sampled_from(["same", "valid", "full"])
    kwargs |= draw(st.fixed_dictionaries({}, optional=optional))
    return (torch.ones([*front, groups * fan_in + draw(OFF), *sizes]), torch.ones(weight)), kwargs


@st.composite
def linear(draw: Draw) -> Any:
    width, out = draw(COUNT), draw(st.sampled_from([(), (1,), (2,), (3,)]))
    bias = draw(st.sampled_from([None, out, out])) if out else None
    kwargs = {} if bias is None else {"bias": torch.ones(bias)}
    return (torch.ones(*draw(shapes(0, 3)), width + draw(OFF)), torch.ones(*out, width)), kwargs


@st.composite
def channel_norm(draw: Draw, kind: str) -> Any:
    channels, shape = draw(COUNT), draw(shapes(0, 3))
    vector = st.sampled_from([None, channels, channels, channels, channels + 1]).map(lambda c: c and torch.ones(c))
    kwargs = {key: draw(vector) for key in ("running_mean", "running_var", "weight", "bias")}
    if draw(st.integers(0, 4)):
        kwargs["running_var"] = kwargs["running_mean"]
    kwargs |= draw(st.fixed_dictionaries({}, optional={"training" if kind == "batch" else "use_input_stats": FLAG}))
    return (torch.ones([2, channels, *shape][: draw(st.integers(1, 5))]),), kwargs


@st.composite
def group_norm(draw: Draw) -> Any:
    groups = draw(COUNT)
    channels = groups * draw(COUNT) + draw(OFF)
    vector = st.just(torch.ones(channels + draw(OFF)))
    return (torch.ones(2, channels, *draw(shapes(0, 2))), groups), draw(
        st.fixed_dictionaries({}, optional={"weight": vector, "bias": vector})
    )


@st.composite
def trailing_norm(draw: Draw, bias: bool) -> Any:
    tail = draw(shapes(0, 2))
    vector = st.sampled_from([tail, tail, (*tail, 1)]).map(torch.ones)
    optional = {"weight": vector} | ({"bias": vector} if bias else {})
    shape = (*draw(shapes(0, 2)), *tail)
    return (torch.ones(shape), draw(st.sampled_from([tail, list(tail)]))), draw(
        st.fixed_dictionaries({}, optional=optional)
    )


@st.composite
def dot_product(draw: Draw) -> Any:
    front, width, queries, keys = draw(shapes(0, 2)), draw(COUNT), draw(COUNT), draw(COUNT)
    query = torch.ones(*front, queries, width)
    key = torch.ones(*draw(st.sampled_from([front, front, front[1:]])), keys, width + draw(OFF))
    value = torch.ones(*front, keys + draw(OFF), draw(COUNT))
    optional: dict[str, Any] = {"is_causal": FLAG, "scale": st.just(0.5), "dropout_p": st.sampled_from([0.0, 0.5])}
    if draw(FLAG):
        optional["attn_mask"] = st.sampled_from([(queries, keys), (queries, 1), (*front, queries, keys), (9, 9)]).map(
            torch.zeros
        )
    return (query, key, value), draw(st.fixed_dictionaries({}, optional=optional))


@st.composite
def grouped_queries(draw: Draw) -> Any:
    heads = draw(COUNT)
    query = torch.ones(2, heads * draw(COUNT) + draw(OFF), 3, 4)
    return (query, torch.ones(2, heads, 5, 4), torch.ones(2, heads, 5, 4)), {"enable_gqa": True}


@st.composite
def sampling(draw: Draw) -> Any:
    axes = draw(st.sampled_from([2, 2, 3, 1]))
    grid = torch.zeros(2 + draw(OFF), *[draw(COUNT) for _ in range(axes)], axes + draw(OFF))
    mode = st.sampled_from(["bilinear", "nearest", "bicubic", "linear"])
    padding = st.sampled_from(["zeros", "border", "reflection", "wrap"])
    kwargs = draw(st.fixed_dictionaries({}, optional={"mode": mode, "padding_mode": padding, "align_corners": FLAG}))
    return (torch.ones(2, draw(COUNT), *[draw(COUNT) for _ in range(axes)]), grid), kwargs


@st.composite
def affine(draw: Draw) -> Any:
    axes = draw(st.sampled_from([2, 2, 3, 1]))
    size = [2, 3] + [draw(st.integers(0, 3)) for _ in range(axes)]
    return (torch.ones(2 + draw(OFF), axes, axes + 1 + draw(OFF)), draw(st.sampled_from([size, tuple(size)]))), {}


@st.composite
def padded(draw: Draw) -> Any:
    amounts = draw(st.lists(st.integers(-1, 3), max_size=7))
    mode = draw(st.sampled_from(["constant"] * 3 + ["reflect", "replicate", "mirror"]))
    value = draw(st.sampled_from([{}, {"value": 0}, {"value": 1.5}, {"value": None}]))
    return (draw(FLOATS), draw(st.sampled_from([amounts, tuple(amounts)])), mode), value


@st.composite
def classes(draw: Draw) -> Any:
    labels = torch.full(draw(shapes(0, 2)), draw(st.integers(-1, 3)), dtype=draw(DTYPES))
    return (labels, *draw(st.sampled_from([(), (-1,), (4,), (2,), (0,)]))), {}


@st.composite
def pooled(draw: Draw, n: int) -> Any:
    shape = [2, draw(COUNT), *(draw(st.integers(1, 6)) for _ in range(n))]
    optional = {"stride": COUNT, "padding": st.integers(0, 1), "ceil_mode": FLAG}
    return (torch.ones(shape), draw(COUNT)), draw(st.fixed_dictionaries({}, optional=optional))


DIM = st.integers(-4, 3)
P = st.sampled_from([0.0, 0.3, 1.0, 1.5])
NUMBER = st.sampled_from([0.5, 1.0, 0.0, -1.0, 2])
F = "torch.nn.functional."

CASES: dict[str, st.SearchStrategy[Any]] = {
    F + "linear": linear(),
    F + "batch_norm": channel_norm("batch"),
    F + "instance_norm": channel_norm("instance"),
    F + "group_norm": group_norm(),
    "torch.group_norm": group_norm(),
    F + "layer_norm": trailing_norm(True),
    "torch.layer_norm": trailing_norm(True),
    F + "rms_norm": trailing_norm(False),
    F + "scaled_dot_product_attention": st.one_of(dot_product(), dot_product(), grouped_queries()),
    F + "grid_sample": sampling(),
    F + "affine_grid": affine(),
    F + "pad": padded(),
    F + "one_hot": classes(),
    F + "normalize": call(ANY, p=NUMBER, dim=DIM),
    F + "gumbel_softmax": call(ANY, tau=st.just(0.5), hard=FLAG, dim=DIM),
    F + "softmax": call(ANY, st.one_of(DIM, st.none())),
    F + "log_softmax": call(ANY, dim=DIM),
    F + "glu": call(FLOATS, dim=DIM),
    F + "prelu": call(FLOATS, shapes(0, 2).map(torch.ones)),
    F + "interpolate": call(IMAGES, size=COUNT, mode=st.sampled_from(["bilinear", "bicubic"]), antialias=FLAG),
    F + "upsample": call(IMAGES, scale_factor=st.sampled_from([2, 0.5, 1.5])),
    F + "upsample_bilinear": call(IMAGES, scale_factor=st.sampled_from([2, 0.5])),
    F + "upsample_nearest": call(IMAGES, size=COUNT),
    F + "adaptive_avg_pool1d": call(IMAGES, COUNT),
    F + "adaptive_max_pool2d": call(IMAGES, COUNT, return_indices=FLAG),
    F + "fractional_max_pool2d": call(IMAGES, st.integers(1, 2), output_size=COUNT, output_ratio=st.just((0.5, 0.5))),
    F + "adaptive_max_pool2d_with_indices": call(IMAGES, COUNT),
    F + "max_pool2d_with_indices": call(IMAGES, COUNT),
    F + "fractional_max_pool2d_with_indices": call(IMAGES, st.integers(1, 2), COUNT),
    F + "adaptive_avg_pool2d": call(FLOATS, st.sampled_from([1, 2, (1, 1), (1, None)])),
    F + "adaptive_avg_pool3d": call(FLOATS, st.sampled_from([1, (1, 1, 1), (1, 2, 1)])),
    "torch.embedding": call(st.just(torch.ones(3, 2)), classes().map(lambda case: case[0][0])),
    F + "pixel_shuffle": call(shapes(2, 4).map(lambda s: torch.ones(4, *s)), st.integers(1, 2)),
    F + "dropout": call(ANY, p=P, training=FLAG, inplace=st.just(False)),
    F + "alpha_dropout": call(FLOATS, p=P, training=FLAG),
    F + "feature_alpha_dropout": call(FLOATS, p=P, training=FLAG),
    "torch.dropout": call(FLOATS, P, FLAG),
    "torch.dropout_": call(FLOATS, P, FLAG),
    "torch.feature_dropout": call(FLOATS, P, FLAG),
    "torch.softmax": call(ANY, DIM),
    "Tensor.softmax": call(ANY, DIM),
    "Tensor.log_softmax": call(ANY, dim=DIM),
    "torch.special.softmax": call(ANY, DIM),
    "Tensor.prelu": call(FLOATS, shapes(0, 1).map(torch.ones)),
    F + "hardtanh": call(ANY, min_val=NUMBER, max_val=NUMBER),
    F + "threshold": call(ANY, NUMBER, NUMBER),
    F + "rrelu": call(FLOATS, lower=NUMBER, upper=NUMBER, training=FLAG),
    F + "celu": call(FLOATS, alpha=NUMBER),
    F + "leaky_relu": call(ANY, negative_slope=NUMBER, inplace=FLAG),
    F + "softshrink": call(FLOATS, lambd=NUMBER),
    F + "gelu": call(ANY, approximate=st.sampled_from(["none", "tanh", "erf"])),
}
# Functions of one tensor, under all their names.
CASES |= dict.fromkeys(
    [F + name for name in ("relu", "relu6", "silu", "mish", "hardswish", "hardsigmoid", "selu", "softplus", "softsign")]
    + [F + name for name in ("logsigmoid", "tanhshrink", "hardshrink", "sigmoid", "tanh", "elu")]
    + [F + name for name in ("relu_", "elu_", "selu_", "celu_", "leaky_relu_", "rrelu_", "hardtanh_")]
    + ["torch.relu", "torch.relu_", "torch.sigmoid", "torch.tanh", "torch.selu", "torch.celu", "torch.hardshrink"]
    + ["Tensor.relu", "Tensor.relu_", "Tensor.sigmoid", "Tensor.sigmoid_", "Tensor.tanh", "Tensor.tanh_"],
    call(ANY),
)
for n in (1, 2, 3):
    CASES |= {f"{F}conv{n}d": convolution(n, False), f"torch.conv_transpose{n}d": convolution(n, True)}
    CASES |= {f"{F}max_pool{n}d": pooled(n), f"torch.max_pool{n}d": pooled(n), f"{F}avg_pool{n}d": pooled(n)}


@pytest.mark.parametrize("name", CASES)
def test_function_is_torchs(name: str, oracle: Any) -> None:
    oracle.hold_function(name, CASES[name])
