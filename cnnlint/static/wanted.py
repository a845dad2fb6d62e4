"""What a layer expects of an input whose shape is not known.

The first layer that reads a model input tells its channels; height and width stay names. Deeper inside, a layer that
reads something unknown goes on with the shape it needs and unknown sizes, so that what follows is still checked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnnlint.graph.dims import BATCH, Dim, Shape, Sym, opaque, symbol
from cnnlint.graph.model import Origin
from cnnlint.graph.operations import Opaque
from cnnlint.ops.spec import LayerSpec, LayerState
from cnnlint.static.signals import Refine
from cnnlint.static.values import Site, TensorValue, Unknown, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

_AXES = {1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}
_CHANNELS = {
    "Conv": "in_channels", "ConvTranspose": "in_channels", "BatchNorm": "num_features",
    "InstanceNorm": "num_features", "MaxPool": None, "AvgPool": None, "AdaptiveAvgPool": None,
    "AdaptiveMaxPool": None, "ZeroPad": None, "ReflectionPad": None, "ReplicationPad": None,
}  # fmt: skip
INPUT_AXES: dict[int, Shape] = {
    2: (BATCH, symbol("C")),
    3: (BATCH, symbol("L"), symbol("C")),
    4: (BATCH, symbol("C"), symbol("H"), symbol("W")),
    5: (BATCH, symbol("C"), symbol("D"), symbol("H"), symbol("W")),
}
"""The axes of an input that the program takes apart into so many sizes."""
_ANY_RANK = frozenset({"Linear", "Embedding", "Flatten", "BatchNorm1d"})
"""Layers that accept inputs of several ranks."""
_NAME = re.compile(r"([A-Z][A-Za-z]*?)([123])d")


def settle(it: Interpreter, spec: LayerSpec, state: LayerState, value: Value, site: Site) -> Value:
    """``value``, or where its shape is open a tensor of the shape this layer expects.

    Raises :class:`~cnnlint.static.signals.Refine` when it is a model input."""
    if isinstance(value, TensorValue) and value.shape is None and value.refine >= 0:
        shape = expected_shape(spec, state, named=True)
        if shape is not None:
            it.recorder.assumed_rank = it.recorder.assumed_rank or spec.name in _ANY_RANK
            raise Refine(value.refine, shape, "int64" if spec.name == "Embedding" else "float32")
    _settle_channels(spec, state, value)
    if isinstance(value, Unknown) or (isinstance(value, TensorValue) and value.shape is None):
        if isinstance(value, Unknown) and it.recorder.running:
            it.note(value)
        shape = expected_shape(spec, state, named=False)
        if shape is not None:
            sources = (value,) if isinstance(value, TensorValue) else ()
            return it.recorder.add(Opaque("assumed"), sources, shape, None, site)
    return value


def _settle_channels(spec: LayerSpec, state: LayerState, value: Value) -> None:
    """An input of known rank whose channels are still a name gets those of the first layer that reads it."""
    if not isinstance(value, TensorValue) or value.edge.origin is not Origin.INPUT or value.shape is None:
        return
    if len(value.shape) > 1 and value.shape[1] == symbol("C"):
        wanted = expected_shape(spec, state, named=True)
        if wanted is not None and len(wanted) == len(value.shape) and isinstance(wanted[1], int):
            raise Refine(value.edge.index, (value.shape[0], wanted[1], *value.shape[2:]), value.dtype or "float32")


def expected_shape(spec: LayerSpec, state: LayerState, named: bool) -> Shape | None:
    """The input shape of a layer that accepts one rank only (batched); ``None`` for any other.

    With ``named`` sizes are ``N``, ``H``, ``W``, otherwise unknown. A linear layer's is given only when named."""
    match = _NAME.fullmatch(spec.name)
    if match is not None and match[1] in _CHANNELS:
        axes = _AXES[int(match[2])]
        channels = _channels(state, _CHANNELS[match[1]])
        if match[1] == "BatchNorm" and match[2] == "1":
            return (BATCH, channels) if named else None
        sizes: tuple[Dim, ...] = tuple(symbol(axis) for axis in axes) if named else tuple(opaque(1) for _ in axes)
        return (BATCH if named else opaque(1), channels, *sizes)
    if spec.name == "Linear" and named:
        return (BATCH, _channels(state, "in_features"))
    if spec.name == "Embedding" and named:
        return (BATCH, symbol("L"))
    if spec.name == "Flatten" and named:
        return (BATCH, symbol("C"), symbol("H"), symbol("W"))
    return None


def _channels(state: LayerState, attribute: str | None) -> Dim:
    value = state.attributes.get(attribute) if attribute else None
    return value if isinstance(value, int | Sym) else symbol("C")
