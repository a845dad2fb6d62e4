"""Layers without windows against torch: linear, normalisation, activation, dropout, padding, flatten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]
NUMBER = st.sampled_from([0.5, 1.0, 2, 0.0, -1.0])
FLAG = st.booleans()


def shapes(low: int = 0, high: int = 5, largest: int = 4) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(1, largest), min_size=low, max_size=high).map(tuple)


def tensors(drawn: st.SearchStrategy[tuple[int, ...]]) -> st.SearchStrategy[torch.Tensor]:
    return drawn.map(torch.ones)


def plain(build: dict[str, st.SearchStrategy[Any]], inputs: st.SearchStrategy[torch.Tensor]) -> st.SearchStrategy[Any]:
    """A constructor's keyword arguments, some left out, and one input."""
    return st.tuples(st.fixed_dictionaries({}, optional=build), st.tuples(inputs), st.just({}))


def sized(
    fixed: dict[str, st.SearchStrategy[Any]],
    optional: dict[str, st.SearchStrategy[Any]],
    inputs: Callable[[dict[str, Any]], st.SearchStrategy[Any]],
) -> st.SearchStrategy[Any]:
    """A constructor's keyword arguments, and inputs that depend on them."""
    return st.fixed_dictionaries(fixed, optional=optional).flatmap(
        lambda build: st.tuples(st.just(build), inputs(build), st.just({}))
    )


def mostly(value: int) -> st.SearchStrategy[int]:
    return st.sampled_from([value] * 5 + [value + 1, 1])


def with_channels(key: str) -> Callable[[dict[str, Any]], st.SearchStrategy[Any]]:
    """Inputs (N, C, *) whose C mostly is the constructor's."""

    def inputs(build: dict[str, Any]) -> st.SearchStrategy[Any]:
        sizes = st.tuples(st.integers(1, 3), mostly(build[key]), shapes(0, 3))
        return st.one_of(
            sizes.map(lambda drawn: (torch.ones(drawn[0], drawn[1], *drawn[2]),)),
            sizes.map(lambda drawn: (torch.ones(drawn[1], *drawn[2]),)),
        )

    return inputs


def features_last(key: str) -> Callable[[dict[str, Any]], st.SearchStrategy[Any]]:
    return lambda build: st.tuples(shapes(0, 3), mostly(build[key])).map(lambda s: (torch.ones(*s[0], s[1]),))


@st.composite
def bilinear_inputs(draw: Draw, build: dict[str, Any]) -> Any:
    front = draw(shapes(0, 2))
    other = draw(st.sampled_from([front, front, front, (*front, 2)]))
    left, right = draw(mostly(build["in1_features"])), draw(mostly(build["in2_features"]))
    return torch.ones(*front, left), torch.ones(*other, right)


@st.composite
def trailing_inputs(draw: Draw, build: dict[str, Any]) -> Any:
    tail = build["normalized_shape"]
    tail = (tail,) if isinstance(tail, int) else tuple(tail)
    if draw(st.integers(0, 4)) == 0:
        tail = (*tail[:-1], draw(st.integers(1, 4)))
    return (torch.ones((*draw(shapes(0, 2)), *tail)),)


PARTS = st.lists(st.sampled_from([1, 2, 3, -1]), max_size=3).map(tuple)
ANY = tensors(shapes())
COUNT = st.integers(1, 4)
NORM = {"eps": st.just(1e-3), "momentum": st.sampled_from([0.1, None]), "affine": FLAG, "track_running_stats": FLAG}
LINEAR = {"bias": FLAG}
P = st.sampled_from([0.0, 0.3, 1, 1.5, -0.1])
TRAILING = {"normalized_shape": st.one_of(COUNT, shapes(0, 3)), "elementwise_affine": FLAG}

CASES: dict[str, st.SearchStrategy[Any]] = {
    "Linear": sized({"in_features": COUNT, "out_features": COUNT}, LINEAR, features_last("in_features")),
    "LazyLinear": sized({"out_features": COUNT}, LINEAR, lambda build: st.tuples(ANY)),
    "Bilinear": sized({"in1_features": COUNT, "in2_features": COUNT, "out_features": COUNT}, LINEAR, bilinear_inputs),
    "GroupNorm": sized(
        {"num_groups": COUNT, "num_channels": st.sampled_from([1, 2, 4, 6])},
        {"affine": FLAG, "bias": FLAG},
        with_channels("num_channels"),
    ),
    "LayerNorm": sized(TRAILING, {"bias": FLAG}, trailing_inputs),
    "RMSNorm": sized(TRAILING, {}, trailing_inputs),
    "LocalResponseNorm": sized({"size": st.integers(-1, 4)}, {}, lambda build: st.tuples(ANY)),
    "CrossMapLRN2d": sized({"size": st.integers(1, 4)}, {}, lambda build: st.tuples(ANY)),
    "SyncBatchNorm": sized({"num_features": COUNT}, {}, with_channels("num_features")),
    "Hardtanh": plain({"min_val": NUMBER, "max_val": NUMBER, "inplace": FLAG, "min_value": NUMBER}, ANY),
    "PReLU": sized({"num_parameters": COUNT}, {"init": NUMBER}, with_channels("num_parameters")),
    "GLU": plain({"dim": st.integers(-3, 3)}, ANY),
    "Softmax2d": plain({}, ANY),
    "Threshold": sized({"threshold": NUMBER, "value": NUMBER}, {"inplace": FLAG}, lambda build: st.tuples(ANY)),
    "GELU": plain({"approximate": st.sampled_from(["none", "tanh", "erf"])}, ANY),
    "RReLU": plain({"lower": NUMBER, "upper": NUMBER}, ANY),
    "CELU": plain({"alpha": NUMBER}, ANY),
    "ELU": plain({"alpha": NUMBER, "inplace": FLAG}, ANY),
    "LeakyReLU": plain({"negative_slope": NUMBER, "inplace": FLAG}, ANY),
    "Softplus": plain({"beta": NUMBER, "threshold": NUMBER}, ANY),
    "Hardshrink": plain({"lambd": NUMBER}, ANY),
    "Softshrink": plain({"lambd": NUMBER}, ANY),
    "Identity": plain({}, ANY),
    "Flatten": plain({"start_dim": st.integers(-4, 3), "end_dim": st.integers(-4, 3)}, ANY),
    "Unflatten": sized(
        {"dim": st.integers(-2, 2), "unflattened_size": PARTS},
        {},
        lambda build: st.tuples(tensors(st.lists(st.sampled_from([2, 4, 6]), max_size=3).map(tuple))),
    ),
}
INPLACE = ("ReLU", "ReLU6", "SiLU", "Mish", "Hardswish", "SELU", "Hardsigmoid")
WITHOUT_ARGUMENTS = ("Sigmoid", "Tanh", "Tanhshrink", "Softsign", "LogSigmoid")
CASES |= {name: plain({"inplace": FLAG}, ANY) for name in INPLACE}
CASES |= {name: plain({}, ANY) for name in WITHOUT_ARGUMENTS}
CASES |= {
    name: plain({"dim": st.one_of(st.none(), st.integers(-4, 3))}, ANY) for name in ("Softmax", "Softmin", "LogSoftmax")
}
CASES |= {
    name: plain({"p": P, "inplace": FLAG}, ANY)
    for name in ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout")
}
for n in (1, 2, 3):
    amounts, added = (
        st.one_of(
            pixels,
            st.lists(pixels, min_size=2 * n, max_size=2 * n).map(tuple),
            st.lists(pixels, min_size=2 * n + 1, max_size=2 * n + 1),
        )
        for pixels in (st.integers(-1, 3), st.integers(0, 3))
    )
    images = tensors(shapes(n, n + 3))
    CASES |= {
        f"BatchNorm{n}d": sized({"num_features": COUNT}, NORM | {"bias": FLAG}, with_channels("num_features")),
        f"InstanceNorm{n}d": sized({"num_features": COUNT}, NORM | {"bias": FLAG}, with_channels("num_features")),
        f"LazyBatchNorm{n}d": plain(NORM, tensors(shapes(1, 5))),
        f"LazyInstanceNorm{n}d": plain(NORM, tensors(shapes(2, 5))),
        f"ConstantPad{n}d": sized({"padding": amounts, "value": NUMBER}, {}, lambda build, i=images: st.tuples(i)),
        **{
            f"{kind}Pad{n}d": sized({"padding": amounts}, {}, lambda build, i=images: st.tuples(i))
            for kind in ("Zero", "Reflection", "Replication")
        },
        # Torch's own answer to a cropping circular pad depends on how memory overlaps.
        f"CircularPad{n}d": sized({"padding": added}, {}, lambda build, i=images: st.tuples(i)),
    }


@pytest.mark.parametrize("name", CASES)
def test_layer_is_torchs(name: str, oracle: Any) -> None:
    # Element-wise layers have little to draw.
    few = {"examples": 10} if name in INPLACE + WITHOUT_ARGUMENTS else {}
    oracle.hold_layer(f"torch.nn.{name}", CASES[name], **few)
