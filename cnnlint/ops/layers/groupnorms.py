"""Group, layer, RMS and local response normalisation."""

from __future__ import annotations

from cnnlint.ops.layers.common import PLACE, Forward, certain, has, keep, kept, simple, through
from cnnlint.ops.neural.groupnorms import group_norm, layer_norm, local_response_norm, normalized_shape, rms_norm
from cnnlint.ops.reading import attribute, parameter, size_of, wants_divisible, wants_rank
from cnnlint.ops.spec import Args, Entry, LayerSpec, LayerState, Result


def _build_group(args: Args) -> LayerState:
    groups, channels = size_of(args, "num_groups", 1), size_of(args, "num_channels")
    affine = certain(args, "affine")
    state = LayerState(
        {"num_groups": groups, "num_channels": channels, **kept(args, "eps"), "affine": affine},
        {"weight": has(affine, (channels,)), "bias": has(affine and certain(args, "bias"), (channels,))},
    )
    wants_divisible(channels, groups, "num_channels", "num_groups", Result(state))
    return state


def _build_layer(args: Args) -> LayerState:
    shape, affine = normalized_shape(args), certain(args, "elementwise_affine")
    return LayerState(
        {"normalized_shape": shape, **kept(args, "eps"), "elementwise_affine": affine},
        {"weight": has(affine, shape), "bias": has(affine and certain(args, "bias"), shape)},
    )


def _build_rms(args: Args) -> LayerState:
    shape, affine = normalized_shape(args), certain(args, "elementwise_affine")
    fields = {"normalized_shape": shape, **kept(args, "eps"), "elementwise_affine": affine}
    return LayerState(fields, {"weight": has(affine, shape)})


def _affine(entry: Entry, name: str, key: str, *parameters: str) -> Forward:
    def forward(state: LayerState, args: Args) -> Result:
        held = {name: parameter(state, name) for name in parameters}
        return entry(Args(name, {**args.bound, **held, key: attribute(state, key)}, args.training))

    return forward


def _forward_rms(state: LayerState, args: Args) -> Result:
    bound = {"input": args.bound["x"], "weight": parameter(state, "weight")}
    return rms_norm(Args("rms_norm", {**bound, "normalized_shape": attribute(state, "normalized_shape")}))


def _forward_cross_map(state: LayerState, args: Args) -> Result:
    wants_rank(args.shape("input"), 4, axes="(N, C, H, W)")
    return through(local_response_norm, "local_response_norm", *_RESPONSE)(state, args)


_LAYER = "normalized_shape, eps=1e-05, elementwise_affine=True, bias=True" + PLACE
_RESPONSE = ("size", "alpha", "beta", "k")

LAYERS: tuple[LayerSpec, ...] = (
    simple(
        "GroupNorm", "num_groups, num_channels, eps=1e-05, affine=True" + PLACE + ", *, bias=True", _build_group,
        _affine(group_norm, "group_norm", "num_groups", "weight", "bias"),
    ),
    simple(
        "LayerNorm", _LAYER, _build_layer,
        _affine(layer_norm, "layer_norm", "normalized_shape", "weight", "bias"),
    ),
    simple(
        "RMSNorm", "normalized_shape, eps=None, elementwise_affine=True" + PLACE, _build_rms, _forward_rms, call="x"
    ),
    simple(
        "LocalResponseNorm", "size, alpha=0.0001, beta=0.75, k=1.0", keep(*_RESPONSE),
        through(local_response_norm, "local_response_norm", *_RESPONSE),
    ),
    simple(
        "CrossMapLRN2d", "size, alpha=0.0001, beta=0.75, k=1", keep(*_RESPONSE), _forward_cross_map,
    ),
)  # fmt: skip
