"""Single steps of recurrent layers."""

from __future__ import annotations

from functools import partial
from typing import Any

from cnnlint.graph.dims import Dim, Shape, differ, product
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Recurrent
from cnnlint.ops.layers.common import PLACE, certain, has
from cnnlint.ops.reading import (
    attribute,
    held_size,
    like,
    parameter,
    shown,
    size_of,
    wants_channels,
    wants_floating,
    wants_rank,
)
from cnnlint.ops.spec import UNKNOWN, Args, LayerSpec, LayerState, Result, Signature, TensorLike, refuse


def _build(args: Args, chunks: int) -> LayerState:
    fan_in, hidden = size_of(args, "input_size"), size_of(args, "hidden_size")
    gates, bias = chunks * hidden, certain(args, "bias")
    fields: dict[str, Any] = {"input_size": fan_in, "hidden_size": hidden, "bias": bias}
    if "nonlinearity" in args.bound:
        fields["nonlinearity"] = args.bound["nonlinearity"]
    return LayerState(
        fields,
        {
            "weight_ih": (gates, fan_in), "weight_hh": (gates, hidden), "bias_ih": has(bias, (gates,)),
            "bias_hh": has(bias, (gates,)),
        },
    )  # fmt: skip


def _forward(state: LayerState, args: Args, name: str, states: int) -> Result:
    """Input (N, features) or (features,); each state (N, hidden) or (hidden,)."""
    tensor, shape = args.tensor("input"), args.shape("input")
    wants_rank(shape, 1, 2)
    weights = [
        weight.shape or () for key in ("weight_ih", "weight_hh") if (weight := parameter(state, key)) is not None
    ]
    if name == "rnn_cell" and attribute(state, "nonlinearity") not in ("tanh", "relu", UNKNOWN):
        word = attribute(state, "nonlinearity")
        refuse(ProblemKind.ARGUMENT, f"knows the nonlinearities 'tanh' and 'relu', gets {word!r}", got=repr(word))
    fan_in, hidden = held_size(state, "input_size"), held_size(state, "hidden_size")
    output = (*shape[:-1], hidden)
    new = like(tensor, output)
    op = Recurrent(name, fan_in, hidden)
    macs = product(shape[:-1]) * _sum(weights)
    result = Result(new if states == 1 else (new, new), op, {"linear": macs})
    wants_channels(fan_in, shape[-1], "input feature", len(shape) - 1, result)
    if args.given("hx"):
        _wants_state(args["hx"], output, states, result)
    wants_floating(tensor)
    return result


def _sum(weights: list[Shape]) -> Dim:
    total: Dim = 0
    for weight in weights:
        total = total + product(weight)
    return total


def _wants_state(given: Any, wanted: Shape, states: int, result: Result) -> None:
    parts = (given,) if states == 1 else given
    if not isinstance(parts, list | tuple) or len(parts) != states:
        refuse(ProblemKind.ARGUMENT, f"needs {states} tensors for hx", result=result)
    for part in parts:
        if part is UNKNOWN:
            continue
        if not isinstance(part, TensorLike):
            refuse(ProblemKind.ARGUMENT, f"needs tensors for hx, gets {type(part).__name__}", result=result)
        if part.shape is not None and (len(part.shape) != len(wanted) or any(map(differ, part.shape, wanted))):
            text = f"needs a state of shape {shown(wanted)}, gets {shown(part.shape)}"
            refuse(ProblemKind.CHANNELS, text, expected=wanted, got=part.shape, result=result)


_CALL = Signature("input, hx=None")


def _cell(name: str, function: str, chunks: int, states: int, extra: str = "") -> LayerSpec:
    signature = Signature(f"input_size, hidden_size, bias=True{extra}{PLACE}")
    forward = partial(_forward, name=function, states=states)
    return LayerSpec(f"torch.nn.{name}", signature, partial(_build, chunks=chunks), forward, _CALL)


LAYERS: tuple[LayerSpec, ...] = (
    _cell("RNNCell", "rnn_cell", 1, 1, ", nonlinearity='tanh'"),
    _cell("LSTMCell", "lstm_cell", 4, 2),
    _cell("GRUCell", "gru_cell", 3, 1),
)
