"""Dropout layers."""

from __future__ import annotations

from cnnlint.ops.layers.common import Forward, kept, simple
from cnnlint.ops.neural.dropout import dropout
from cnnlint.ops.reading import attribute, probability
from cnnlint.ops.spec import Args, LayerSpec, LayerState, Result


def _build(args: Args) -> LayerState:
    probability(args)
    return LayerState(kept(args, "p", "inplace"))


def _forward(name: str, channelwise: bool) -> Forward:
    def forward(state: LayerState, args: Args) -> Result:
        held = {"p": attribute(state, "p"), "inplace": attribute(state, "inplace"), "training": args.training}
        return dropout(Args(name, {**args.bound, **held}, args.training), name, channelwise)

    return forward


_FORMS: tuple[tuple[str, str, bool], ...] = (
    ("Dropout", "dropout", False),
    ("Dropout1d", "dropout1d", True),
    ("Dropout2d", "dropout2d", True),
    ("Dropout3d", "dropout3d", True),
    ("AlphaDropout", "alpha_dropout", False),
    ("FeatureAlphaDropout", "feature_alpha_dropout", True),
)

LAYERS: tuple[LayerSpec, ...] = tuple(
    simple(layer, "p=0.5, inplace=False", _build, _forward(name, channelwise)) for layer, name, channelwise in _FORMS
)
