"""Recurrent layers, cells and attention against torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]
FLAG = st.booleans()
COUNT = st.integers(1, 3)


def maybe_off(draw: Draw, size: int) -> int:
    """Mostly ``size``, sometimes one more."""
    return size + draw(st.sampled_from([0] * 9 + [1]))


@st.composite
def recurrent(draw: Draw, kind: str) -> Any:
    features, hidden = draw(COUNT), draw(COUNT)
    build: dict[str, Any] = {"input_size": features, "hidden_size": hidden}
    optional: dict[str, Any] = {
        "num_layers": st.integers(0, 2), "bias": FLAG, "batch_first": FLAG, "bidirectional": FLAG,
        "dropout": st.sampled_from([0.0, 0.5, 2.0]),
    }  # fmt: skip
    if kind == "LSTM":
        optional["proj_size"] = st.integers(0, 2)
    if kind == "RNN":
        optional["nonlinearity"] = st.sampled_from(["tanh", "relu", "gelu"])
    build |= draw(st.fixed_dictionaries({}, optional=optional))
    shape = [draw(COUNT) for _ in range(draw(st.sampled_from([1, 2, 2, 1, 1, 1, 2, 0])) + 1)]
    shape = [*shape, maybe_off(draw, features)]
    args: tuple[Any, ...] = (torch.ones(shape),)
    if draw(FLAG):
        rows = build.get("num_layers", 1) * (2 if build.get("bidirectional") else 1)
        batch = shape[0 if build.get("batch_first") else 1 : 2][:1] if len(shape) == 3 else []
        width = build.get("proj_size", 0) or hidden
        state = torch.ones([maybe_off(draw, rows), *batch, width])
        args += ((state, torch.ones([rows, *batch, hidden])) if kind == "LSTM" else state,)
    return build, args, {}


@st.composite
def cells(draw: Draw, kind: str) -> Any:
    features, hidden = draw(COUNT), draw(COUNT)
    build = {"input_size": features, "hidden_size": hidden} | draw(st.fixed_dictionaries({}, optional={"bias": FLAG}))
    if kind == "RNNCell":
        build |= draw(st.fixed_dictionaries({}, optional={"nonlinearity": st.sampled_from(["tanh", "relu", "gelu"])}))
    front = [draw(COUNT) for _ in range(draw(st.sampled_from([0, 1, 1, 2])))]
    args: tuple[Any, ...] = (torch.ones([*front, maybe_off(draw, features)]),)
    if draw(FLAG):
        state = torch.ones([*front, maybe_off(draw, hidden)])
        args += ((state, torch.ones([*front, hidden])) if kind == "LSTMCell" else state,)
    return build, args, {}


@st.composite
def attention(draw: Draw) -> Any:
    heads = draw(COUNT)
    width = heads * draw(COUNT)
    build: dict[str, Any] = {"embed_dim": maybe_off(draw, width), "num_heads": heads}
    optional = {
        "bias": FLAG,
        "add_bias_kv": FLAG,
        "add_zero_attn": FLAG,
        "batch_first": FLAG,
        "kdim": COUNT,
        "vdim": COUNT,
    }
    build |= draw(st.fixed_dictionaries({}, optional=optional))
    batch = [draw(COUNT)] if draw(st.integers(0, 3)) else []
    targets, sources = draw(COUNT), draw(COUNT)

    def sequence(length: int, features: int) -> torch.Tensor:
        axes = [*batch, length] if build.get("batch_first") else [length, *batch]
        return torch.ones([*axes, maybe_off(draw, features)])

    args = (
        sequence(targets, width),
        sequence(sources, build.get("kdim", width)),
        sequence(maybe_off(draw, sources), build.get("vdim", width)),
    )
    kwargs: dict[str, Any] = draw(
        st.fixed_dictionaries({}, optional={"need_weights": FLAG, "average_attn_weights": FLAG})
    )
    if draw(st.integers(0, 3)) == 0:
        front = [(batch or [1])[0] * heads] if draw(FLAG) else []
        kwargs["attn_mask"] = torch.zeros([*front, targets, maybe_off(draw, sources)])
    if draw(st.integers(0, 3)) == 0:
        kwargs["key_padding_mask"] = torch.zeros([*batch, sources])
    if draw(st.integers(0, 5)) == 0:
        kwargs["is_causal"] = True
    return build, args, kwargs


@st.composite
def adaptive_softmax(draw: Draw) -> Any:
    features, classes = draw(st.integers(1, 20)), draw(st.integers(2, 9))
    cutoffs = draw(st.one_of(st.sets(st.integers(1, classes - 1)).map(sorted), st.lists(st.integers(0, 9))))
    build = {"in_features": features, "n_classes": classes, "cutoffs": cutoffs}
    build |= draw(
        st.fixed_dictionaries({}, optional={"div_value": st.sampled_from([2.0, 4.0, 1.5]), "head_bias": FLAG})
    )
    front = [draw(COUNT) for _ in range(draw(st.sampled_from([0, 1, 1, 2])))]
    target = torch.full([maybe_off(draw, size) for size in front], draw(st.integers(0, classes)))
    return build, (torch.ones([*front, maybe_off(draw, features)]), target), {}


CASES: dict[str, st.SearchStrategy[Any]] = {
    "RNN": recurrent("RNN"),
    "LSTM": recurrent("LSTM"),
    "GRU": recurrent("GRU"),
    "RNNCell": cells("RNNCell"),
    "LSTMCell": cells("LSTMCell"),
    "GRUCell": cells("GRUCell"),
    "MultiheadAttention": attention(),
    "AdaptiveLogSoftmaxWithLoss": adaptive_softmax(),
}


@pytest.mark.parametrize("name", CASES)
def test_layer_is_torchs(name: str, oracle: Any) -> None:
    oracle.hold_layer(f"torch.nn.{name}", CASES[name])
