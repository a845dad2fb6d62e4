"""Padding layers."""

from __future__ import annotations

from functools import partial

from cnnlint.ops.layers.common import kept, simple
from cnnlint.ops.neural.padding import pad
from cnnlint.ops.reading import attribute, ntuple, wants_rank
from cnnlint.ops.spec import Args, LayerSpec, LayerState, Result

# Class prefix and mode.
_MODES = (("Reflection", "reflect"), ("Replication", "replicate"), ("Circular", "circular"))


def _build(args: Args, axes: int) -> LayerState:
    return LayerState({"padding": ntuple(args.bound["padding"], 2 * axes)})


def _build_zero(args: Args, axes: int) -> LayerState:
    return LayerState({**_build(args, axes).attributes, "value": 0.0})


def _build_constant(args: Args, axes: int) -> LayerState:
    return LayerState({**_build(args, axes).attributes, **kept(args, "value")})


def _forward(state: LayerState, args: Args, axes: int, mode: str) -> Result:
    if mode == "circular":
        wants_rank(args.shape("input"), axes + 1, axes + 2)
    value = attribute(state, "value") if mode == "constant" else None
    bound = {**args.bound, "pad": attribute(state, "padding"), "mode": mode, "value": value}
    return pad(Args("pad", bound))


def _family(n: int) -> tuple[LayerSpec, ...]:
    constant = partial(_forward, axes=n, mode="constant")
    return (
        simple(f"ZeroPad{n}d", "padding", partial(_build_zero, axes=n), constant),
        simple(f"ConstantPad{n}d", "padding, value", partial(_build_constant, axes=n), constant),
        *(
            simple(f"{prefix}Pad{n}d", "padding", partial(_build, axes=n), partial(_forward, axes=n, mode=mode))
            for prefix, mode in _MODES
        ),
    )


LAYERS: tuple[LayerSpec, ...] = tuple(spec for n in (1, 2, 3) for spec in _family(n))
