"""Layers with sliding windows against torch: convolutions and pools in one to three dimensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]


def per_axis(n: int, low: int, high: int) -> st.SearchStrategy[Any]:
    """One number, one for each axis, or a list of the wrong length."""
    number = st.integers(low, high)
    right = st.lists(number, min_size=n, max_size=n).map(tuple)
    wrong = st.lists(number, min_size=n + 1, max_size=n + 1).map(tuple)
    return st.one_of(number, number, right, right, st.tuples(number), wrong) if n > 1 else st.one_of(number, right)


def image(draw: Draw, n: int, channels: int, high: int = 9) -> torch.Tensor:
    """A tensor for an n-dimensional layer: batched, not batched, or of a wrong rank."""
    rank = draw(st.sampled_from([n + 2] * 6 + [n + 1] * 3 + [n, n + 3]))
    shape = [draw(st.integers(1, high)) for _ in range(rank)]
    if rank > n:
        shape[-n - 1] = channels
    return torch.zeros(shape, requires_grad=True)


@st.composite
def convolutions(draw: Draw, n: int, transposed: bool) -> Any:
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    fan_in, out = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    off = draw(st.sampled_from([0] * 8 + [1]))
    build: dict[str, Any] = {
        "in_channels": fan_in + off,
        "out_channels": out + draw(st.sampled_from([0] * 8 + [1])),
        "kernel_size": draw(per_axis(n, 1, 3)),
        "stride": draw(st.one_of(st.just(1), per_axis(n, 1, 3))),
        "dilation": draw(st.one_of(st.just(1), per_axis(n, 1, 2))),
        "groups": groups,
        "bias": draw(st.booleans()),
        "padding": draw(st.one_of(st.just(0), per_axis(n, 0, 3), st.sampled_from(["same", "valid", "full"]))),
        "padding_mode": draw(st.sampled_from(["zeros"] * 4 + ["reflect", "replicate", "circular", "odd"])),
    }
    args: tuple[Any, ...] = (image(draw, n, draw(st.sampled_from([fan_in + off] * 5 + [fan_in + 1]))),)
    if transposed:
        build["output_padding"] = draw(st.one_of(st.just(0), per_axis(n, 0, 2)))
        if draw(st.booleans()):
            args += (draw(st.one_of(st.none(), st.lists(st.integers(1, 12), min_size=n, max_size=n + 2))),)
    chosen = draw(st.sets(st.sampled_from(sorted(build))))
    needed = {"in_channels", "out_channels", "kernel_size", "groups"}
    return {key: value for key, value in build.items() if key in needed | chosen}, args, {}


@st.composite
def lazy_convolutions(draw: Draw, n: int, transposed: bool) -> Any:
    build, args, kwargs = draw(convolutions(n, transposed))
    del build["in_channels"]
    return build, args, kwargs


@st.composite
def pools(draw: Draw, n: int, kind: str) -> Any:
    build: dict[str, Any] = {
        "kernel_size": draw(per_axis(n, 1, 4)),
        "stride": draw(st.one_of(st.none(), per_axis(n, 1, 3))),
        "padding": draw(st.one_of(st.just(0), per_axis(n, 0, 2))),
        "ceil_mode": draw(st.booleans()),
    }
    if kind == "Max":
        build["dilation"] = draw(st.one_of(st.just(1), per_axis(n, 1, 2)))
        build["return_indices"] = draw(st.booleans())
    if kind == "Avg":
        build["count_include_pad"] = draw(st.booleans())
    if kind == "LP":
        build["norm_type"] = draw(st.sampled_from([1, 2, 1.5]))
        del build["padding"]
    return build, (image(draw, n, draw(st.integers(1, 3))),), {}


@st.composite
def adaptive_pools(draw: Draw, n: int, kind: str) -> Any:
    size = st.one_of(st.integers(0, 5), st.none())
    sizes = st.lists(size, min_size=n, max_size=n).map(tuple)
    wrong = st.sampled_from([1, n + 1]).flatmap(lambda k: st.lists(size, min_size=k, max_size=k).map(tuple))
    build: dict[str, Any] = {"output_size": draw(st.one_of(size, sizes, sizes, wrong))}
    if kind == "Max":
        build["return_indices"] = draw(st.booleans())
    return build, (image(draw, n, draw(st.integers(1, 3))),), {}


CASES: dict[str, st.SearchStrategy[Any]] = {}
for n in (1, 2, 3):
    CASES |= {
        f"Conv{n}d": convolutions(n, False),
        f"LazyConv{n}d": lazy_convolutions(n, False),
        f"ConvTranspose{n}d": convolutions(n, True),
        f"LazyConvTranspose{n}d": lazy_convolutions(n, True),
        f"MaxPool{n}d": pools(n, "Max"),
        f"AvgPool{n}d": pools(n, "Avg"),
        f"LPPool{n}d": pools(n, "LP"),
        f"AdaptiveAvgPool{n}d": adaptive_pools(n, "Avg"),
        f"AdaptiveMaxPool{n}d": adaptive_pools(n, "Max"),
    }


@pytest.mark.parametrize("name", CASES)
def test_layer_is_torchs(name: str, oracle: Any) -> None:
    oracle.hold_layer(f"torch.nn.{name}", CASES[name])
