"""Every entry answers, refuses or says that it is not clear, whatever it is given."""

from __future__ import annotations

import math
import random
from contextlib import suppress
from typing import Any

import pytest

from cnnlint.graph.dims import BATCH, opaque, symbol
from cnnlint.ops.spec import UNKNOWN, Args, FunctionSpec, Refused, TensorSpec, Unclear
from cnnlint.ops.tensors import FUNCTIONS

SIZE = symbol("H")
VALUES: tuple[Any, ...] = (
    None,
    UNKNOWN,
    "",
    "x",
    "ij,jk->ik",
    "...,->",
    "torch.float16",
    b"x",
    1.5,
    -1.5,
    math.nan,
    math.inf,
    0,
    1,
    2,
    3,
    -1,
    -2,
    10**6,
    10**30,
    -(10**30),
    True,
    False,
    1j,
    (),
    [],
    {},
    {1: 2},
    (1, 2),
    [2, -1],
    (-1, -1),
    [0.5, 2],
    [[1, 2], [3, 4]],
    [[1], [2, 3]],
    [None],
    ["a"],
    [UNKNOWN],
    (UNKNOWN, 2),
    (SIZE, 3),
    [SIZE - 5],
    (10**30, 10**30),
    slice(None),
    slice(SIZE, -1, 2),
    slice("a"),
    slice(UNKNOWN, None),
    ...,
    (..., ...),
    (None, ..., 0),
    object(),
    print,
    range(4),
    SIZE,
    SIZE * 3 - 7,
    BATCH,
    opaque(),
    SIZE // 2,
    TensorSpec(None, None),
    TensorSpec(()),
    TensorSpec((), "int64", (2,)),
    TensorSpec((0,)),
    TensorSpec((3,), "bool", (True,) * 3),
    TensorSpec((3,), "int64", (0, 1, -1)),
    TensorSpec((2, 3)),
    TensorSpec((2, 3), "float32", (0.0, 1e308, -1.0, 2.5, math.nan, math.inf)),
    TensorSpec((BATCH, 3, SIZE, SIZE)),
    TensorSpec((BATCH, opaque(), 7, 7), None),
    TensorSpec((2, 3, 4, 5), "float16"),
    TensorSpec((4,), "complex64", (1j, 0j, 1 + 1j, -1 + 0j)),
    TensorSpec((10**12, 10**12)),
    TensorSpec((1,) * 12, "uint8"),
    TensorSpec((2, 2), "int64", (2**62, -5, 0, 7)),
    (TensorSpec((2, 3)), TensorSpec((2, 3))),
    [TensorSpec((2, SIZE)), TensorSpec((2, 4))],
    [TensorSpec(None)],
)
TENSORS = tuple(value for value in VALUES if isinstance(value, TensorSpec))
ROUNDS = 60


def call(spec: FunctionSpec, args: list[Any], kwargs: dict[str, Any]) -> None:
    with suppress(Refused, Unclear):
        spec.entry(Args(spec.name, spec.signature.bind(args, kwargs)))


@pytest.mark.parametrize("spec", FUNCTIONS, ids=lambda spec: spec.names[0])
def test_nothing_else_is_raised(spec: FunctionSpec) -> None:
    source = random.Random(spec.names[0])
    names = [name.strip(" *").partition("=")[0] for name in spec.signature.text.split(",")]
    for _ in range(ROUNDS):
        args = [source.choice(VALUES) for _ in range(source.randrange(5))]
        if args and source.random() < 0.8:
            args[0] = source.choice(TENSORS)
        if len(args) > 1 and source.random() < 0.4:
            args[1] = source.choice(TENSORS)
        kwargs = {name: source.choice(VALUES) for name in source.sample(names, min(len(names), source.randrange(3)))}
        call(spec, args, {name: value for name, value in kwargs.items() if name.isidentifier()})
