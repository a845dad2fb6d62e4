"""Layers at the sizes of real networks, against torch on the meta device."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cnnlint.ops import layer
from cnnlint.ops.apply import build_layer, call_layer
from cnnlint.ops.spec import TensorSpec

SIZES = st.tuples(st.integers(16, 600), st.integers(16, 600))

LAYERS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("Conv2d", (64, 64, 7, 2, 3), {}),
    ("Conv2d", (64, 32, 3), {"stride": (2, 1), "dilation": (2, 3), "padding": 4}),
    ("Conv2d", (64, 256, (1, 7)), {"padding": "same", "groups": 8}),
    ("ConvTranspose2d", (64, 32, 4, 2, 1), {"output_padding": 1}),
    ("ConvTranspose2d", (64, 32, 3), {"stride": 3, "dilation": 2, "output_padding": (2, 0)}),
    ("MaxPool2d", (3, 2, 1), {"ceil_mode": True}),
    ("MaxPool2d", (5, 3), {"padding": 2, "ceil_mode": True}),
    ("AvgPool2d", (7, 4, 3), {"ceil_mode": True}),
    ("LPPool2d", (2, 3), {"ceil_mode": True}),
    ("Upsample", (), {"scale_factor": 1.7, "mode": "bilinear"}),
    ("Upsample", (), {"scale_factor": (0.3, 1 / 3)}),
    ("Unfold", (3,), {"stride": 2, "padding": 1, "dilation": 3}),
    ("FractionalMaxPool2d", (2,), {"output_ratio": 0.61}),
    ("ReflectionPad2d", ((1, 2, 3, 4),), {}),
]


@pytest.mark.parametrize("case", LAYERS, ids=[f"{i}-{case[0]}" for i, case in enumerate(LAYERS)])
def test_output_shape(case: Any) -> None:
    name, args, kwargs = case
    spec, module = layer(f"torch.nn.{name}"), getattr(nn, name)(*args, **kwargs).to("meta")
    assert spec is not None
    state = build_layer(spec, args, kwargs)

    @settings(max_examples=40)
    @given(SIZES)
    def run(sizes: tuple[int, int]) -> None:
        shape = (2, 64, *sizes)
        expected = tuple(module(torch.empty(shape, device="meta")).shape)
        assert call_layer(spec, state, (TensorSpec(shape),), {}).output.shape == expected

    run()
