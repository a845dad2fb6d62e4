"""What ``torch.nn.init`` computes from shapes and names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cnnlint.static.library.define import Args, Kwargs, Table, argument
from cnnlint.static.operators import first_unknown
from cnnlint.static.signals import Raised
from cnnlint.static.values import Site, TensorValue, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

INITIALISING = Table()

_GAINS = {
    **dict.fromkeys(("linear", "conv1d", "conv2d", "conv3d", "sigmoid"), 1),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), 1),
    "tanh": 5 / 3, "relu": math.sqrt(2.0), "selu": 3 / 4,
}  # fmt: skip


@INITIALISING.add("torch.nn.init.calculate_gain")
def _gain(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    name, slope = argument(args, kwargs, 0, "nonlinearity"), argument(args, kwargs, 1, "param", 0.01)
    if name == "leaky_relu" and isinstance(slope, int | float | None):
        return math.sqrt(2.0 / (1 + (0.01 if slope is None else slope) ** 2))
    if not isinstance(name, str) or name == "leaky_relu":
        return first_unknown(it, site, name, slope)
    if name not in _GAINS:
        raise Raised(ValueError, f"Unsupported nonlinearity {name}")
    return _GAINS[name]


@INITIALISING.add("torch.nn.init._calculate_fan_in_and_fan_out")
def _fans(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """``size(1)`` and ``size(0)``, each times the kernel's size."""
    weight = argument(args, kwargs, 0, "tensor")
    if not isinstance(weight, TensorValue) or weight.shape is None:
        return it.unknown("the fan of a tensor that is not known", site)
    if len(weight.shape) < 2:
        raise Raised(ValueError, "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    outputs, inputs, *kernel = weight.shape
    return tuple(math.prod(kernel, start=size) for size in (inputs, outputs))


@INITIALISING.add("torch.nn.init._calculate_correct_fan")
def _fan(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    fans, mode = _fans(it, args[:1], kwargs, site), argument(args, kwargs, 1, "mode")
    if not isinstance(fans, tuple) or not isinstance(mode, str):
        return first_unknown(it, site, fans, mode)
    return fans[mode.lower() == "fan_out"]
