"""Layers that resize, shuffle, unfold, look up or unpool, against torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]
FLAG = st.booleans()
COUNT = st.integers(1, 4)


def shapes(low: int = 0, high: int = 5, largest: int = 4) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(1, largest), min_size=low, max_size=high).map(tuple)


def case(build: st.SearchStrategy[Any], *inputs: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(build, st.tuples(*inputs), st.just({}))


def options(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=values)


def needed(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(values)


ANY = shapes(0, 6).map(torch.ones)
IMAGE = shapes(3, 5, 6).map(torch.ones)
SIZES = st.one_of(COUNT, shapes(1, 3).map(tuple))
FACTOR = st.sampled_from([1, 2, 3.0, 0.5, 1.5, 0.3, 2.7, 1 / 3])
FACTORS = st.one_of(FACTOR, st.lists(FACTOR, min_size=1, max_size=3).map(tuple))
MODES = st.sampled_from(["nearest", "nearest-exact", "area", "linear", "bilinear", "bicubic", "trilinear", "cubic"])


@st.composite
def resampling(draw: Draw, mode: bool) -> Any:
    build: dict[str, Any] = draw(st.sampled_from([{"size": draw(SIZES)}, {"scale_factor": draw(FACTORS)}] * 4 + [{}]))
    if mode:
        build |= draw(options(mode=MODES, align_corners=FLAG, recompute_scale_factor=FLAG))
    return build, (draw(IMAGE),), {}


@st.composite
def unpooling(draw: Draw, n: int) -> Any:
    shape = tuple(draw(st.integers(1, 3)) for _ in range(draw(st.sampled_from([n + 2, n + 2, n + 1, n]))))
    other = draw(st.sampled_from([shape, shape, shape, (*shape, 1)]))
    dtype = draw(st.sampled_from([torch.int64] * 4 + [torch.int32]))
    build = draw(
        st.fixed_dictionaries({"kernel_size": COUNT}, optional={"stride": COUNT, "padding": st.integers(0, 1)})
    )
    args: tuple[Any, ...] = (torch.ones(shape), torch.zeros(other, dtype=dtype))
    if draw(FLAG):
        args += (draw(st.one_of(st.none(), st.lists(st.integers(1, 9), min_size=n, max_size=n + 2))),)
    return build, args, {}


@st.composite
def fractional(draw: Draw, n: int) -> Any:
    ratio = st.sampled_from([0.5, 0.7, 1.0, 0.3])
    build = draw(
        st.fixed_dictionaries(
            {"kernel_size": st.one_of(COUNT, st.lists(COUNT, min_size=n, max_size=n).map(tuple))},
            optional={"return_indices": FLAG},
        )
    )
    build |= draw(
        st.one_of(
            needed(output_size=st.one_of(COUNT, st.lists(COUNT, min_size=n, max_size=n).map(tuple))),
            needed(output_ratio=st.one_of(ratio, st.lists(ratio, min_size=n, max_size=n).map(tuple))),
            options(output_size=COUNT, output_ratio=ratio),
        )
    )
    return build, (draw(shapes(n, n + 3, 7).map(torch.ones)),), {}


@st.composite
def folding(draw: Draw) -> Any:
    sizes = draw(st.lists(st.integers(2, 5), min_size=2, max_size=2))
    kernel = draw(st.integers(1, 2))
    windows = 1
    for size in sizes:
        windows *= size - kernel + 1
    shape = (
        draw(COUNT) * kernel**2 + draw(st.sampled_from([0, 0, 0, 1])),
        windows + draw(st.sampled_from([0, 0, 0, 1])),
    )
    front = draw(st.sampled_from([(), (1,), (2,), (1, 1)]))
    build = {"output_size": draw(st.sampled_from([tuple(sizes), sizes])), "kernel_size": kernel}
    return (
        build | draw(options(stride=st.just(1), padding=st.sampled_from([0, 0, 1]))),
        (torch.ones(*front, *shape),),
        {},
    )


@st.composite
def embedding(draw: Draw, bag: bool) -> Any:
    entries = draw(COUNT)
    build = {"num_embeddings": entries, "embedding_dim": draw(COUNT)}
    build |= draw(options(padding_idx=st.integers(-5, 5), max_norm=st.sampled_from([None, 1.0]), sparse=st.just(False)))
    dtype = draw(st.sampled_from([torch.int64] * 5 + [torch.int32, torch.float32]))
    shape = draw(shapes(1, 2)) if bag else draw(shapes(0, 3))
    indices = torch.full(shape, draw(st.integers(0, entries)), dtype=dtype)
    if not bag:
        return build, (indices,), {}
    build |= draw(options(mode=st.sampled_from(["sum", "mean", "max", "min"]), include_last_offset=FLAG))
    kwargs: dict[str, Any] = {}
    if len(shape) == 1 or draw(st.integers(0, 5)) == 0:
        kwargs["offsets"] = torch.zeros(draw(COUNT), dtype=dtype)
    if draw(FLAG):
        kwargs["per_sample_weights"] = torch.ones(draw(st.sampled_from([shape, shape, (1,)])))
    return build, (indices,), kwargs


WINDOW = st.integers(1, 3)
CASES: dict[str, st.SearchStrategy[Any]] = {
    "Upsample": resampling(True),
    "UpsamplingNearest2d": resampling(False),
    "UpsamplingBilinear2d": resampling(False),
    "PixelShuffle": case(
        needed(upscale_factor=st.integers(0, 3)), shapes(1, 4, 9).map(lambda shape: torch.ones(4, *shape))
    ),
    "PixelUnshuffle": case(needed(downscale_factor=st.integers(0, 3)), shapes(2, 5, 6).map(torch.ones)),
    "ChannelShuffle": case(needed(groups=st.integers(0, 3)), shapes(1, 4, 6).map(torch.ones)),
    "Unfold": case(
        st.fixed_dictionaries(
            {"kernel_size": st.one_of(WINDOW, st.tuples(WINDOW, WINDOW))},
            optional={"stride": WINDOW, "padding": st.integers(0, 2), "dilation": WINDOW},
        ),
        shapes(2, 5, 6).map(torch.ones),
    ),
    "Fold": folding(),
    "Embedding": embedding(False),
    "EmbeddingBag": embedding(True),
    "MaxUnpool1d": unpooling(1),
    "MaxUnpool2d": unpooling(2),
    "MaxUnpool3d": unpooling(3),
    "FractionalMaxPool2d": fractional(2),
    "FractionalMaxPool3d": fractional(3),
}


@pytest.mark.parametrize("name", CASES)
def test_layer_is_torchs(name: str, oracle: Any) -> None:
    oracle.hold_layer(f"torch.nn.{name}", CASES[name])
