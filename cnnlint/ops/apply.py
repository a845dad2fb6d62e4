"""The one way to ask the ops table.

Each question binds the arguments as Python would and raises nothing but :class:`~cnnlint.ops.spec.Refused` (torch
raises) or :class:`~cnnlint.ops.spec.Unclear` (not enough is known).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnnlint.ops.spec import Args, FunctionSpec, LayerSpec, LayerState, Result

__all__ = ["apply_function", "build_layer", "call_layer", "materialize_layer"]


def apply_function(
    spec: FunctionSpec, args: Sequence[Any], kwargs: Mapping[str, Any], training: bool = False
) -> Result:
    """What the function call returns. A tensor method takes its tensor as the first argument."""
    return spec.entry(Args(spec.name, spec.signature.bind(args, kwargs), training))


def build_layer(spec: LayerSpec, args: Sequence[Any], kwargs: Mapping[str, Any]) -> LayerState:
    """What the constructor leaves on the layer.

    Where the :class:`Refused` it raises has a result, its ``output`` is the state the layer would have without the
    one mistake."""
    return spec.build(Args(spec.name, spec.signature.bind(args, kwargs)))


def materialize_layer(spec: LayerSpec, state: LayerState, args: Sequence[Any], kwargs: Mapping[str, Any]) -> LayerState:
    """The state after this call: a lazy layer takes its sizes from its first input, every other layer stays."""
    if spec.materialize is None:
        return state
    return spec.materialize(state, Args(spec.name, spec.call.bind(args, kwargs)))


def call_layer(
    spec: LayerSpec, state: LayerState, args: Sequence[Any], kwargs: Mapping[str, Any], training: bool = False
) -> Result:
    """What a call of the layer computes, from its attributes and parameters as they stand in ``state``."""
    bound = Args(spec.name, spec.call.bind(args, kwargs), training)
    if spec.materialize is not None:
        state = spec.materialize(state, bound)
    return spec.forward(state, bound)
