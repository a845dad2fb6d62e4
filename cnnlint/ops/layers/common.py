"""What layer entries share: plain attributes kept as given, calls passed on to the functional entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnnlint.graph.dims import Dim, Sym, opaque
from cnnlint.ops.reading import attribute
from cnnlint.ops.spec import UNKNOWN, Args, Entry, LayerSpec, LayerState, Result, Signature

Build = Callable[[Args], LayerState]
Forward = Callable[[LayerState, Args], Result]

# Arguments that layers take but do not keep.
PLACE = ", device=None, dtype=None"


def kept(args: Args, *keys: str) -> dict[str, Any]:
    """The arguments that the layer stores as they are given."""
    return {key: args.bound[key] for key in keys}


def keep(*keys: str) -> Build:
    """A constructor that stores arguments and checks nothing."""
    return lambda args: LayerState(kept(args, *keys))


def through(entry: Entry, name: str, *attributes: str, **fixed: Any) -> Forward:
    """A call that is the function ``entry``, its further arguments read from the layer's attributes."""

    def forward(state: LayerState, args: Args) -> Result:
        held = {key: attribute(state, key) for key in attributes}
        return entry(Args(name, {**args.bound, **held, **fixed}, args.training))

    return forward


def simple(name: str, signature: str, build: Build, forward: Forward, call: str = "input") -> LayerSpec:
    return LayerSpec(f"torch.nn.{name}", Signature(signature), build, forward, Signature(call))


def one(value: Any) -> Any:
    """A size as attributes keep it: an unknown one is an unknown dimension."""
    return opaque() if value is UNKNOWN else value


def has(flag: Any, shape: tuple[Dim, ...]) -> tuple[Dim, ...] | None:
    """The shape of an optional parameter."""
    return shape if flag else None


def certain(args: Args, key: str) -> bool:
    """A truth value that must be known to say which parameters a layer has."""
    value = args.bound[key]
    return args.flag(key) if value is UNKNOWN or isinstance(value, Sym) else bool(value)
