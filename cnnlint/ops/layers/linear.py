"""Linear layers."""

from __future__ import annotations

from cnnlint.graph.dims import opaque
from cnnlint.ops.layers.common import PLACE, certain, has
from cnnlint.ops.neural.linear import bilinear, linear
from cnnlint.ops.reading import attribute, held_size, parameter, size_of
from cnnlint.ops.spec import Args, LayerSpec, LayerState, Result, Signature


def _build(args: Args) -> LayerState:
    fan_in, out = size_of(args, "in_features"), size_of(args, "out_features")
    return LayerState(
        {"in_features": fan_in, "out_features": out},
        {"weight": (out, fan_in), "bias": has(certain(args, "bias"), (out,))},
    )


def _build_lazy(args: Args) -> LayerState:
    out = size_of(args, "out_features")
    return LayerState(
        {"in_features": 0, "out_features": out},
        {"weight": (out, opaque(1)), "bias": has(certain(args, "bias"), (out,))},
    )


def _materialize(state: LayerState, args: Args) -> LayerState:
    shape = args.shape("input")
    if attribute(state, "in_features") != 0 or not shape:
        return state
    parameters = {**state.parameters, "weight": (held_size(state, "out_features"), shape[-1])}
    return LayerState({**state.attributes, "in_features": shape[-1]}, parameters, state.buffers)


def _build_bilinear(args: Args) -> LayerState:
    left, right = size_of(args, "in1_features", 1), size_of(args, "in2_features")
    out = size_of(args, "out_features")
    return LayerState(
        {"in1_features": left, "in2_features": right, "out_features": out},
        {"weight": (out, left, right), "bias": has(certain(args, "bias"), (out,))},
    )


def _weights(state: LayerState) -> dict[str, object]:
    return {"weight": parameter(state, "weight"), "bias": parameter(state, "bias")}


def _forward(state: LayerState, args: Args) -> Result:
    return linear(Args("linear", {**args.bound, **_weights(state)}, args.training))


def _forward_bilinear(state: LayerState, args: Args) -> Result:
    return bilinear(Args("bilinear", {**args.bound, **_weights(state)}, args.training))


_LINEAR = "in_features, out_features, bias=True" + PLACE
_BILINEAR = "in1_features, in2_features, out_features, bias=True" + PLACE

LAYERS: tuple[LayerSpec, ...] = (
    LayerSpec("torch.nn.Linear", Signature(_LINEAR), _build, _forward),
    LayerSpec(
        "torch.nn.LazyLinear", Signature("out_features, bias=True" + PLACE), _build_lazy, _forward,
        materialize=_materialize,
    ),
    LayerSpec(
        "torch.nn.Bilinear", Signature(_BILINEAR), _build_bilinear, _forward_bilinear, Signature("input1, input2")
    ),
    LayerSpec("torch.nn.modules.linear.NonDynamicallyQuantizableLinear", Signature(_LINEAR), _build, _forward),
)  # fmt: skip
