"""What a refusal says: its kind, the two sizes that disagree, its text, and how reading can go on."""

from __future__ import annotations

from typing import Any

import pytest

from cnnlint.graph.dims import symbol
from cnnlint.graph.model import ProblemKind
from cnnlint.ops import layer
from cnnlint.ops.apply import build_layer, call_layer
from cnnlint.ops.spec import LayerState, Refused, TensorSpec

H, N = symbol("H"), symbol("N", 2)


def refusal(name: str, args: tuple[Any, ...], *shapes: Any) -> Refused:
    spec = layer(f"torch.nn.{name}")
    assert spec is not None
    with pytest.raises(Refused) as caught:
        call_layer(spec, build_layer(spec, args, {}), tuple(map(TensorSpec, shapes)), {})
    return caught.value


# Layer, constructor's arguments, input shape; kind, expected, got, axis, shape of the result.
CALLS: list[tuple[str, tuple[Any, ...], Any, ProblemKind, Any, Any, int | None, Any]] = [
    ("Conv2d", (64, 8, 3), (N, 32, H, H), ProblemKind.CHANNELS, 64, 32, 1, (N, 8, H - 2, H - 2)),
    ("Conv1d", (4, 8, 3), (3, 10), ProblemKind.CHANNELS, 4, 3, 0, (8, 8)),
    ("ConvTranspose2d", (64, 8, 2, 2), (1, 32, 4, 4), ProblemKind.CHANNELS, 64, 32, 1, (1, 8, 8, 8)),
    ("Linear", (400, 10), (N, 256), ProblemKind.CHANNELS, 400, 256, 1, (N, 10)),
    ("BatchNorm2d", (64,), (1, 32, 4, 4), ProblemKind.CHANNELS, 64, 32, 1, (1, 32, 4, 4)),
    ("GroupNorm", (4, 64), (1, 32, 4, 4), ProblemKind.CHANNELS, 64, 32, 1, (1, 32, 4, 4)),
    ("LayerNorm", (64,), (1, 5, 32), ProblemKind.CHANNELS, 64, 32, 2, (1, 5, 32)),
    ("LSTM", (64, 8), (5, 1, 32), ProblemKind.CHANNELS, 64, 32, 2, (5, 1, 8)),
    ("PReLU", (64,), (1, 32, 4, 4), ProblemKind.CHANNELS, 64, 32, 1, (1, 32, 4, 4)),
    ("Conv2d", (3, 8, 3), (3, 32), ProblemKind.RANK, "4 or 3", 2, None, None),
    ("BatchNorm2d", (3,), (1, 3, 8), ProblemKind.RANK, 4, 3, None, None),
    ("Conv2d", (3, 8, 5), (1, 3, 4, 9), ProblemKind.OUTPUT_SIZE, 5, 4, 2, None),
    ("MaxPool2d", (2,), (1, 3, 4, 1), ProblemKind.OUTPUT_SIZE, 2, 1, 3, None),
    ("PixelShuffle", (2,), (1, 6, 4, 4), ProblemKind.INDIVISIBLE, 4, 6, None, (1, 1, 8, 8)),
    ("ChannelShuffle", (4,), (1, 6, 4, 4), ProblemKind.INDIVISIBLE, 4, 6, None, (1, 6, 4, 4)),
]


@pytest.mark.parametrize("case", CALLS, ids=[f"{i}-{case[0]}" for i, case in enumerate(CALLS)])
def test_call(case: Any) -> None:
    name, args, shape, kind, expected, got, axis, result = case
    refused = refusal(name, args, shape)
    problem = refused.problem
    assert (problem.kind, problem.expected, problem.got, problem.axis) == (kind, expected, got, axis)
    assert not problem.text.endswith(".")
    output = refused.result and refused.result.output
    first = output[0] if isinstance(output, tuple) else output
    assert (first and first.shape) == result


def test_text() -> None:
    assert str(refusal("Conv2d", (64, 8, 3), (1, 32, 4, 4))) == "expects 64 input channels, gets 32"
    assert str(refusal("Linear", (400, 10), (1, 256))) == "expects 400 input features, gets 256"


# Layer, constructor's arguments; kind, expected, got.
BUILDS: list[tuple[str, tuple[Any, ...], dict[str, Any], ProblemKind, Any, Any]] = [
    ("Conv2d", (6, 8, 3), {"groups": 4}, ProblemKind.INDIVISIBLE, 4, 6),
    ("Conv2d", (4, 6, 3), {"groups": 4}, ProblemKind.INDIVISIBLE, 4, 6),
    ("ConvTranspose2d", (6, 8, 3), {"groups": 4}, ProblemKind.INDIVISIBLE, 4, 6),
    ("GroupNorm", (4, 6), {}, ProblemKind.INDIVISIBLE, 4, 6),
    ("MultiheadAttention", (6, 4), {}, ProblemKind.INDIVISIBLE, 4, 6),
    ("Conv2d", (3, 8, 3, 2, "same"), {}, ProblemKind.SAME_PADDING, 1, (2, 2)),
    ("Conv2d", (3, 8, 3), {"padding": "full"}, ProblemKind.ARGUMENT, None, "full"),
    ("Conv2d", (3, 8), {}, ProblemKind.SIGNATURE, None, None),
    ("Conv2d", (3, 8, 3), {"strides": 2}, ProblemKind.SIGNATURE, None, None),
    ("Dropout", (1.5,), {}, ProblemKind.ARGUMENT, None, "1.5"),
]


@pytest.mark.parametrize("case", BUILDS, ids=[f"{i}-{case[0]}" for i, case in enumerate(BUILDS)])
def test_construction(case: Any) -> None:
    name, args, kwargs, kind, expected, got = case
    spec = layer(f"torch.nn.{name}")
    assert spec is not None
    with pytest.raises(Refused) as caught:
        build_layer(spec, args, kwargs)
    problem = caught.value.problem
    assert (problem.kind, problem.expected, problem.got) == (kind, expected, got)


def test_reading_goes_on_after_same_padding_with_a_stride() -> None:
    """The state that the refusal carries gives ``ceil(W / S)``, as the padding in pixels would."""
    spec = layer("torch.nn.Conv2d")
    assert spec is not None
    with pytest.raises(Refused) as caught:
        build_layer(spec, (3, 8, 3, 2, "same"), {})
    assert caught.value.result is not None
    state = caught.value.result.output
    assert isinstance(state, LayerState)
    assert call_layer(spec, state, (TensorSpec((1, 3, 9, 8)),), {}).output.shape == (1, 8, 5, 4)


def test_transposed_convolution_keeps_a_word_for_padding_and_refuses_the_call() -> None:
    spec = layer("torch.nn.ConvTranspose2d")
    assert spec is not None
    state = build_layer(spec, (3, 8, 3), {"padding": "same"})
    assert state.attributes["padding"] == ("s", "a", "m", "e")
    with pytest.raises(Refused) as caught:
        call_layer(spec, state, (TensorSpec((1, 3, 9, 8)),), {})
    assert (caught.value.problem.kind, caught.value.problem.got) == (ProblemKind.SAME_PADDING, "same")


@pytest.mark.parametrize(
    ("name", "args", "shape"),
    [
        ("Conv2d", (64, 8, 3), (N, symbol("C"), H, H)),
        ("Linear", (400, 10), (N, 16 * H * H)),
        ("BatchNorm2d", (64,), (N, 2 * symbol("C"), 1, 1)),
        ("MaxPool2d", (7,), (N, 3, H, H)),
        ("PixelShuffle", (2,), (N, symbol("C"), H, H)),
    ],
)
def test_silence_where_sizes_could_fit(name: str, args: tuple[Any, ...], shape: Any) -> None:
    spec = layer(f"torch.nn.{name}")
    assert spec is not None
    assert call_layer(spec, build_layer(spec, args, {}), (TensorSpec(shape),), {}).output


@pytest.mark.parametrize(
    ("name", "args", "shape"),
    [
        ("Linear", (401, 10), (N, 16 * H)),
        ("PixelShuffle", (2,), (N, 4 * symbol("C") + 2, H, H)),
        ("Conv2d", (64, 8, 3), (N, 2 * symbol("C") + 1, H, H)),
    ],
)
def test_certain_although_symbolic(name: str, args: tuple[Any, ...], shape: Any) -> None:
    assert refusal(name, args, shape)


def test_attributes_and_weights_are_read_as_they_stand_at_the_call() -> None:
    spec = layer("torch.nn.Conv2d")
    assert spec is not None
    state = build_layer(spec, (3, 8, 3), {})
    changed = LayerState({**state.attributes, "stride": (2, 2)}, {**state.parameters, "weight": (8, 5, 3, 3)})
    assert call_layer(spec, changed, (TensorSpec((1, 5, 9, 9)),), {}).output.shape == (1, 8, 4, 4)
