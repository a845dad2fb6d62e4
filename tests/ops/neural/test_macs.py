"""Multiply-adds against fvcore, and against torch's own counter where fvcore has none."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import torch
from fvcore.nn import FlopCountAnalysis
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnnlint.ops import function, layer
from cnnlint.ops.apply import apply_function, build_layer, call_layer
from cnnlint.ops.spec import TensorSpec

logging.getLogger("fvcore").setLevel(logging.ERROR)

# Layer, its arguments, the input's shape.
FVCORE: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
    ("Conv1d", {"in_channels": 4, "out_channels": 6, "kernel_size": 3, "stride": 2, "padding": 1}, (2, 4, 17)),
    ("Conv2d", {"in_channels": 6, "out_channels": 9, "kernel_size": (3, 5), "dilation": 2, "groups": 3}, (2, 6, 9, 9)),
    ("Conv2d", {"in_channels": 4, "out_channels": 4, "kernel_size": 3, "groups": 4, "bias": False}, (1, 4, 9, 9)),
    ("Conv3d", {"in_channels": 2, "out_channels": 3, "kernel_size": 2}, (2, 2, 4, 5, 6)),
    ("ConvTranspose1d", {"in_channels": 4, "out_channels": 6, "kernel_size": 4, "stride": 2}, (2, 4, 7)),
    ("ConvTranspose2d", {"in_channels": 4, "out_channels": 6, "kernel_size": 3, "groups": 2}, (2, 4, 5, 6)),
    ("ConvTranspose3d", {"in_channels": 2, "out_channels": 3, "kernel_size": 2, "stride": 2}, (1, 2, 3, 4, 5)),
    ("Linear", {"in_features": 7, "out_features": 5}, (3, 7)),
    ("Linear", {"in_features": 7, "out_features": 5, "bias": False}, (2, 3, 4, 7)),
    ("LSTMCell", {"input_size": 4, "hidden_size": 6}, (3, 4)),
    ("GRUCell", {"input_size": 4, "hidden_size": 6}, (3, 4)),
    ("RNNCell", {"input_size": 4, "hidden_size": 6}, (3, 4)),
]  # fmt: skip


def counted(name: str, kwargs: dict[str, Any], shape: tuple[int, ...]) -> dict[str, Any]:
    spec = layer(f"torch.nn.{name}")
    assert spec is not None
    return dict(call_layer(spec, build_layer(spec, (), kwargs), (TensorSpec(shape),), {}).macs)


@pytest.mark.parametrize(("name", "kwargs", "shape"), FVCORE, ids=[f"{i}-{row[0]}" for i, row in enumerate(FVCORE)])
def test_macs_are_fvcores(name: str, kwargs: dict[str, Any], shape: tuple[int, ...]) -> None:
    analysis = FlopCountAnalysis(getattr(nn, name)(**kwargs), torch.zeros(shape))
    assert counted(name, kwargs, shape) == dict(analysis.by_operator())


def torchs(module: nn.Module, *inputs: torch.Tensor, **kwargs: Any) -> int:
    """Multiply-adds by torch's counter, which counts two for each, on the meta device."""
    with FlopCounterMode(display=False) as counter:
        module.to("meta")(*(tensor.to("meta") for tensor in inputs), **kwargs)
    return counter.get_total_flops() // 2


@pytest.mark.parametrize("padding_mode", ["zeros", "reflect"])
def test_same_padding_counts_like_pixels(padding_mode: str) -> None:
    """fvcore has no handle for the operator that ``padding='same'`` becomes."""
    kwargs = {"in_channels": 3, "out_channels": 4, "kernel_size": 4, "padding": "same", "padding_mode": padding_mode}
    assert counted("Conv2d", kwargs, (2, 3, 8, 9)) == {"conv": torchs(nn.Conv2d(**kwargs), torch.zeros(2, 3, 8, 9))}


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("LSTM", {"num_layers": 2, "bidirectional": True}),
        ("LSTM", {"proj_size": 2}),
        ("GRU", {"bias": False}),
        ("RNN", {"batch_first": True, "nonlinearity": "relu"}),
    ],
)
def test_recurrent_macs_are_torchs(name: str, kwargs: dict[str, Any]) -> None:
    built = {"input_size": 4, "hidden_size": 6, **kwargs}
    expected = torchs(getattr(nn, name)(**built), torch.zeros(5, 3, 4))
    assert list(counted(name, built, (5, 3, 4)).values()) == [expected]


EXTRA = [{}, {"kdim": 5, "vdim": 6}, {"add_bias_kv": True}, {"add_zero_attn": True, "batch_first": True}]


@pytest.mark.parametrize("extra", EXTRA)
def test_attention_macs_are_torchs(extra: dict[str, Any]) -> None:
    kwargs = {"embed_dim": 8, "num_heads": 2, **extra}
    shapes = (2, 3, 8), (2, 3, extra.get("kdim", 8)), (2, 3, extra.get("vdim", 8))
    spec = layer("torch.nn.MultiheadAttention")
    assert spec is not None
    state, inputs = build_layer(spec, (), kwargs), tuple(map(TensorSpec, shapes))
    with_weights, without = (call_layer(spec, state, inputs, {"need_weights": flag}).macs for flag in (True, False))
    module, tensors = nn.MultiheadAttention(**kwargs).train(), tuple(map(torch.zeros, shapes))
    assert with_weights == dict(FlopCountAnalysis(_Attention(module), tensors).by_operator())
    assert sum(with_weights.values()) == torchs(module, *tensors)
    assert without == {"linear": with_weights["linear"], "scaled_dot_product_attention": with_weights["bmm"]}


def test_masked_attention() -> None:
    """With a mask torch takes ``baddbmm`` for the first product."""
    spec = layer("torch.nn.MultiheadAttention")
    assert spec is not None
    state, sequence = build_layer(spec, (8, 2), {}), TensorSpec((4, 3, 8))
    macs = call_layer(spec, state, (sequence,) * 3, {"attn_mask": TensorSpec((4, 4))}).macs
    mask, tensor = torch.zeros(4, 4, device="meta"), torch.zeros(4, 3, 8)
    expected = torchs(nn.MultiheadAttention(8, 2).train(), tensor, tensor, tensor, attn_mask=mask)
    assert sorted(macs) == ["baddbmm", "bmm", "linear"]
    assert sum(macs.values()) == expected


class _Attention(nn.Module):
    def __init__(self, attention: nn.Module) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = self.attention(query, key, value)[0]
        return output


def test_dot_product_attention() -> None:
    spec = function("torch.nn.functional.scaled_dot_product_attention")
    assert spec is not None
    shapes = (2, 4, 5, 8), (2, 4, 7, 8), (2, 4, 7, 3)
    macs = apply_function(spec, tuple(map(TensorSpec, shapes)), {}).macs
    assert macs == {"scaled_dot_product_attention": 2 * 4 * 5 * 7 * (8 + 3)}
