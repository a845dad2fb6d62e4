"""Recurrent layers: RNN, LSTM and GRU over sequences."""

from __future__ import annotations

from functools import partial
from typing import Any

from cnnlint.graph.dims import Dim, Shape, differ, less, product
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Recurrent
from cnnlint.ops.layers.common import PLACE, certain
from cnnlint.ops.reading import (  # fmt: skip
    attribute,
    choice,
    held_flag,
    held_size,
    like,
    probability,
    shown,
    size_of,
    wants_channels,
    wants_floating,
    wants_rank,
)
from cnnlint.ops.spec import (
    UNKNOWN,
    Args,
    LayerSpec,
    LayerState,
    Result,
    Signature,
    TensorLike,
    Unclear,
    refuse,
)  # fmt: skip

# Rows of the weights for each hidden unit.
GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}

# More layers than this are not worked out.
_MOST_LAYERS = 1000


def _build(args: Args, mode: str) -> LayerState:
    fan_in, hidden = size_of(args, "input_size", 1), size_of(args, "hidden_size", 1)
    layers, projected = args.integer("num_layers"), _projection(args, hidden)
    if layers < 1:
        refuse(ProblemKind.ARGUMENT, f"needs at least 1 layer, gets {layers}", expected=1, got=layers)
    if layers > _MOST_LAYERS:
        raise Unclear(f"{args.name}: too many layers")
    fields: dict[str, Any] = {"mode": mode, "input_size": fan_in, "hidden_size": hidden, "num_layers": layers}
    fields |= {key: _truth(args, key) for key in ("bias", "batch_first", "bidirectional")}
    fields |= {"dropout": _dropout(args), "proj_size": projected}
    if "nonlinearity" in args.bound:
        fields["nonlinearity"] = args.bound["nonlinearity"]
    return LayerState(fields, _parameters(fields))


def _build_rnn(args: Args) -> LayerState:
    mode = "RNN_" + choice(args, "nonlinearity", ("tanh", "relu")).upper()
    return _build(args, mode)


def _truth(args: Args, key: str) -> bool:
    value = args[key]
    if key != "bidirectional" and not isinstance(value, bool):
        refuse(ProblemKind.ARGUMENT, f"{key} must be True or False, gets {value!r}", got=repr(value))
    return certain(args, key)


def _dropout(args: Args) -> Any:
    p = args.bound["dropout"]
    if isinstance(p, bool):
        refuse(ProblemKind.ARGUMENT, f"dropout must be a number between 0 and 1, gets {p}", got=repr(p))
    known = probability(args, "dropout")
    return UNKNOWN if known is None else float(known)


def _projection(args: Args, hidden: Dim) -> Dim:
    if "proj_size" not in args.bound:
        return 0
    size = args.integer("proj_size")
    if size < 0 or less(hidden - 1, size):
        refuse(ProblemKind.ARGUMENT, f"needs a proj_size below hidden_size, gets {size}", expected=hidden, got=size)
    return size


def _parameters(fields: dict[str, Any]) -> dict[str, Shape | None]:
    """Weights by layer and direction, under torch's names."""
    gates = GATES[fields["mode"]] * fields["hidden_size"]
    width = fields["proj_size"] or fields["hidden_size"]
    directions = ("", "_reverse") if fields["bidirectional"] else ("",)
    shapes: dict[str, Shape | None] = {}
    for layer in range(fields["num_layers"]):
        fan_in = fields["input_size"] if layer == 0 else width * len(directions)
        for direction in directions:
            suffix = f"l{layer}{direction}"
            shapes |= {f"weight_ih_{suffix}": (gates, fan_in), f"weight_hh_{suffix}": (gates, width)}
            if fields["bias"]:
                shapes |= {f"bias_ih_{suffix}": (gates,), f"bias_hh_{suffix}": (gates,)}
            if fields["proj_size"]:
                shapes[f"weight_hr_{suffix}"] = (fields["proj_size"], fields["hidden_size"])
    return shapes


def _forward(state: LayerState, args: Args) -> Result:
    """Input (L, N, features), or (N, L, features) with ``batch_first``, or (L, features)."""
    tensor, shape = args.tensor("input"), args.shape("input")
    wants_rank(shape, 2, 3)
    read = partial(held_size, state)
    fan_in, hidden, directions = read("input_size"), read("hidden_size"), 1 + held_flag(state, "bidirectional")
    batch_axis = 0 if held_flag(state, "batch_first") else 1
    rows, width, mode = read("num_layers") * directions, read("proj_size") or hidden, attribute(state, "mode")
    batch = (shape[batch_axis],) if len(shape) == 3 else ()
    output = (*shape[:-1], width * directions)
    hidden_shape, cell_shape = (rows, *batch, width), (rows, *batch, hidden)
    lstm = mode == "LSTM"
    last = like(tensor, hidden_shape), like(tensor, cell_shape)
    op = Recurrent(str(mode).lower(), fan_in, hidden)
    result = Result((like(tensor, output), last if lstm else last[0]), op, _macs(state, shape))
    wants_channels(fan_in, shape[-1], "input feature", len(shape) - 1, result)
    _wants_state(args, (hidden_shape, cell_shape) if lstm else (hidden_shape,), result)
    wants_floating(tensor)
    length = shape[1 - batch_axis] if len(shape) == 3 else shape[0]
    if less(length, 1):
        refuse(ProblemKind.ARGUMENT, f"needs a sequence of at least 1 step, gets {shown(shape)}", got=shape)
    return result


def _macs(state: LayerState, shape: Shape) -> dict[str, Dim]:
    """Every weight matrix once for each step of each sequence, under the name of torch's operator."""
    matrices = [weight for name, weight in state.parameters.items() if name.startswith("weight_") and weight]
    total: Dim = 0
    for matrix in matrices:
        total = total + product(matrix)
    return {str(attribute(state, "mode")).lower(): product(shape[:-1]) * total}


def _wants_state(args: Args, wanted: tuple[Shape, ...], result: Result) -> None:
    """Refuse an initial state of another shape."""
    if not args.given("hx"):
        return
    given = args["hx"]
    parts = (given,) if len(wanted) == 1 else given
    if not isinstance(parts, list | tuple) or len(parts) != len(wanted):
        refuse(ProblemKind.ARGUMENT, "needs a pair (hidden state, cell state) for hx", result=result)
    for part, shape in zip(parts, wanted, strict=True):
        if part is UNKNOWN:
            continue
        if not isinstance(part, TensorLike):
            refuse(ProblemKind.ARGUMENT, f"needs tensors for hx, gets {type(part).__name__}", result=result)
        if part.shape is not None and (len(part.shape) != len(shape) or any(map(differ, part.shape, shape))):
            text = f"needs an initial state of shape {shown(shape)}, gets {shown(part.shape)}"
            refuse(ProblemKind.CHANNELS, text, expected=shape, got=part.shape, result=result)


_OPTIONS = "bias=True, batch_first=False, dropout=0.0, bidirectional=False"
_CALL = Signature("input, hx=None")


def _sequence(name: str, extra: str, build: Any) -> LayerSpec:
    return LayerSpec(f"torch.nn.{name}", Signature(extra), build, _forward, _CALL)


LAYERS: tuple[LayerSpec, ...] = (
    _sequence("RNN", f"input_size, hidden_size, num_layers=1, nonlinearity='tanh', {_OPTIONS}{PLACE}", _build_rnn),
    _sequence(
        "LSTM", f"input_size, hidden_size, num_layers=1, {_OPTIONS}, proj_size=0{PLACE}", partial(_build, mode="LSTM")
    ),
    _sequence("GRU", f"input_size, hidden_size, num_layers=1, {_OPTIONS}{PLACE}", partial(_build, mode="GRU")),
)
