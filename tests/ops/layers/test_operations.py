"""The facts that rules see: one operation for each kind of layer."""

from __future__ import annotations

from typing import Any

import pytest

from cnnlint.graph.dims import symbol
from cnnlint.graph.operations import (
    Activation,
    AdaptivePooling,
    Attention,
    ChannelShuffle,
    Convolution,
    Dense,
    Dropout,
    Embedding,
    Identity,
    Loss,
    Normalisation,
    NormKind,
    Operation,
    Pad,
    PixelShuffle,
    Pooling,
    Recurrent,
    Resample,
    Reshape,
    ReshapeKind,
    Unfold,
)  # fmt: skip
from cnnlint.ops import function, layer
from cnnlint.ops.apply import apply_function, build_layer, call_layer
from cnnlint.ops.spec import Result, TensorSpec

H, N = symbol("H"), symbol("N", 2)
MAP = TensorSpec((N, 8, H, H))
ROWS = TensorSpec((N, 8))


def called(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], *inputs: TensorSpec) -> Result:
    spec = layer(f"torch.nn.{name}")
    assert spec is not None
    return call_layer(spec, build_layer(spec, args, kwargs), inputs, {})


SAME = Convolution(
    "conv2d", 8, 16, (4, 3), (1, 1), (1, 1), (2, 1), (1, 1), 2, False, padding_text="same", padding_mode="reflect"
)
UP = Convolution(
    "conv_transpose2d", 8, 16, (3, 3), (2, 2), (1, 1), (1, 1), (1, 1), 1, True, transposed=True, output_padding=(1, 1)
)

CASES: list[tuple[str, tuple[Any, ...], dict[str, Any], TensorSpec, Operation]] = [
    ("Conv2d", (8, 16, (4, 3)), {"padding": "same", "groups": 2, "bias": False, "padding_mode": "reflect"}, MAP, SAME),
    ("ConvTranspose2d", (8, 16, 3, 2, 1, 1), {}, MAP, UP),
    ("Linear", (8, 4), {"bias": False}, ROWS, Dense("linear", 8, 4, False)),
    (
        "MaxPool2d", (3, 2, 1), {"ceil_mode": True}, MAP,
        Pooling("max_pool2d", "max", (3, 3), (2, 2), (1, 1), (1, 1), True),
    ),
    ("AvgPool2d", (2,), {}, MAP, Pooling("avg_pool2d", "avg", (2, 2), (2, 2), (0, 0), (1, 1))),
    ("AdaptiveAvgPool2d", ((None, 1),), {}, MAP, AdaptivePooling("adaptive_avg_pool2d", "avg", (H, 1))),
    ("BatchNorm2d", (8,), {}, MAP, Normalisation("batch_norm", NormKind.BATCH, 8, tracks_running_stats=True)),
    ("InstanceNorm2d", (8,), {}, MAP, Normalisation("instance_norm", NormKind.INSTANCE, 8, affine=False)),
    ("GroupNorm", (4, 8), {}, MAP, Normalisation("group_norm", NormKind.GROUP, 8, 4)),
    ("LayerNorm", (8,), {}, ROWS, Normalisation("layer_norm", NormKind.LAYER, 8)),
    ("RMSNorm", (8,), {}, ROWS, Normalisation("rms_norm", NormKind.RMS, 8)),
    ("ReLU", (True,), {}, MAP, Activation("relu", inplace=True)),
    ("Softmax", (-1,), {}, MAP, Activation("softmax", dim=3)),
    ("LogSoftmax", (), {}, MAP, Activation("log_softmax", dim=1, implicit=True)),
    ("Dropout", (0.3,), {}, MAP, Dropout("dropout", 0.3)),
    ("Dropout2d", (), {"inplace": True}, MAP, Dropout("dropout2d", 0.5, channelwise=True, inplace=True)),
    ("Upsample", (), {"scale_factor": 2}, MAP, Resample("interpolate", "nearest", ((2, 1), (2, 1)))),
    ("UpsamplingBilinear2d", (), {"scale_factor": 0.5}, MAP, Resample("interpolate", "bilinear", ((1, 2),) * 2, True)),
    ("PixelShuffle", (2,), {}, MAP, PixelShuffle("pixel_shuffle", 2)),
    ("PixelUnshuffle", (2,), {}, TensorSpec((N, 8, 4, 4)), PixelShuffle("pixel_unshuffle", 2, inverse=True)),
    ("ChannelShuffle", (4,), {}, MAP, ChannelShuffle("channel_shuffle", 4)),
    ("ZeroPad2d", ((1, 2, 3, 4),), {}, MAP, Pad("pad", "constant", ((3, 4), (1, 2)))),
    ("ReflectionPad2d", (1,), {}, MAP, Pad("pad", "reflect", ((1, 1), (1, 1)))),
    ("Flatten", (), {}, MAP, Reshape("flatten", ReshapeKind.FLATTEN, start=1, end=3)),
    ("Identity", (), {}, MAP, Identity("identity")),
    ("Unfold", (3,), {"padding": 1}, MAP, Unfold("unfold", (3, 3), (1, 1), (1, 1), (1, 1))),
    ("Embedding", (10, 4), {}, TensorSpec((N, 7), "int64"), Embedding("embedding", 10, 4)),
    ("GRU", (8, 16), {}, TensorSpec((5, N, 8)), Recurrent("gru", 8, 16)),
    ("CELU", (), {}, MAP, Activation("celu")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_operation(case: Any) -> None:
    name, args, kwargs, tensor, expected = case
    assert called(name, args, kwargs, tensor).op == expected


def test_attention_and_loss() -> None:
    sequence = TensorSpec((5, N, 8))
    assert called("MultiheadAttention", (8, 2), {}, *(sequence,) * 3).op == Attention("multi_head_attention_forward", 2)
    labels = TensorSpec((N,), "int64")
    assert called("CrossEntropyLoss", (), {}, ROWS, labels).op == Loss("cross_entropy", "logits")


@pytest.mark.parametrize("name", ["torch.relu_", "Tensor.relu_", "torch.nn.functional.relu_"])
def test_functions_in_place(name: str) -> None:
    spec = function(name)
    assert spec is not None
    assert apply_function(spec, (MAP,), {}).op == Activation("relu", inplace=True)


def test_symbolic_sizes() -> None:
    assert called("Conv2d", (8, 16, 3, 2, 1), {}, MAP).output.shape == (N, 16, (H - 1) // 2 + 1, (H - 1) // 2 + 1)
    assert called("ConvTranspose2d", (8, 16, 2, 2), {}, MAP).output.shape == (N, 16, 2 * H, 2 * H)
    assert called("Upsample", (), {"scale_factor": 1.5}, MAP).output.shape == (N, 8, 3 * H // 2, 3 * H // 2)
    assert called("Flatten", (), {}, MAP).output.shape == (N, 8 * H * H)
    assert called("Conv2d", (8, 16, 3), {}, MAP).macs == {"conv": N * 16 * 8 * 9 * (H - 2) * (H - 2)}
