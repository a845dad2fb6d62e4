"""Entries are total: any values whatever give an answer, a refusal or "not clear", never another exception."""

from __future__ import annotations

import random
from typing import Any

import pytest

from cnnlint.graph.dims import opaque, symbol
from cnnlint.ops import all_layers
from cnnlint.ops.apply import apply_function, build_layer, call_layer, materialize_layer
from cnnlint.ops.neural import FUNCTIONS
from cnnlint.ops.spec import UNKNOWN, FunctionSpec, LayerSpec, Refused, Signature, TensorSpec, Unclear

S = symbol("S")
ODD: tuple[Any, ...] = (
    None, UNKNOWN, "x", "", b"x", 1.5, -1, -7, 0, 10**30, -(10**30), float("nan"), float("inf"), True, False, [], (),
    [1, 2, 3, 4, 5], [None], ["a"], [UNKNOWN, 1], {}, {"a": 1}, object(), S, opaque(), -S, (S, 2), print, 1j,
    (1.5, 2.5), TensorSpec(None), TensorSpec(()), TensorSpec((0,)), TensorSpec((2, 3, 4, 5, 6, 7), "int64"),
    (TensorSpec((S,)),) * 2,
    TensorSpec((1,), "int64", (5,)), TensorSpec((), None, ("a",)),
)  # fmt: skip
USUAL: tuple[Any, ...] = (
    1, 2, 3, 4, (2, 2), (1, 1, 1), 0.5, "mean", "none", "same", "zeros", "nearest", TensorSpec((2, 4)),
    TensorSpec((S, 4, 8, 8)), TensorSpec((2, 4, 8)), TensorSpec((2, 4, 4, 4, 4)), TensorSpec((4,)),
    TensorSpec((4, 4, 3, 3)), TensorSpec((2, 4), "int64", (0, 1, 2, 3, 0, 1, 2, 3)), TensorSpec((opaque(), 4, 8, 8)),
)  # fmt: skip
DRAWS = 150


def drawn(signature: Signature, rng: random.Random, odd: float) -> dict[str, Any]:
    """A value for every parameter without a default, and for some of the others."""
    positional, _, keyword, _, defaults = signature._parsed
    names = [name for name in (*positional, *keyword) if name not in defaults or rng.random() < 0.4]
    return {name: rng.choice(ODD if rng.random() < odd else USUAL) for name in names}


@pytest.mark.parametrize("spec", FUNCTIONS, ids=lambda spec: spec.names[0])
def test_function(spec: FunctionSpec) -> None:
    rng = random.Random(spec.names[0])
    for turn in range(DRAWS):
        kwargs = drawn(spec.signature, rng, turn % 3 / 3)
        try:
            apply_function(spec, (), kwargs, training=bool(turn % 2))
        except (Refused, Unclear):
            continue


@pytest.mark.parametrize("spec", all_layers(), ids=lambda spec: spec.path)
def test_layer(spec: LayerSpec) -> None:
    rng = random.Random(spec.path)
    for turn in range(DRAWS):
        try:
            state = build_layer(spec, (), drawn(spec.signature, rng, turn % 4 / 8))
            # Models overwrite attributes after construction, with anything.
            for key in state.attributes:
                if rng.random() < turn % 5 / 25:
                    state.attributes[key] = rng.choice(ODD + USUAL)
            call = drawn(spec.call, rng, turn % 3 / 6)
            materialize_layer(spec, state, (), call)
            call_layer(spec, state, (), call, training=bool(turn % 2))
        except (Refused, Unclear):
            continue
