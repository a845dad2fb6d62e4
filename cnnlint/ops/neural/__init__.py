"""The functions of ``torch.nn.functional``, one module a family; layers compute through the same entries."""

from __future__ import annotations

from cnnlint.ops.neural import (
    activation,
    adaptive,
    conv,
    dropout,
    groupnorms,
    linear,
    norms,
    padding,
    pooling,
    softmax,
    transposed,
)
from cnnlint.ops.spec import FunctionSpec

_FAMILIES = (
    conv, transposed, linear, pooling, adaptive, norms, groupnorms, activation, softmax, dropout, padding,
)  # fmt: skip

FUNCTIONS: tuple[FunctionSpec, ...] = tuple(spec for family in _FAMILIES for spec in family.FUNCTIONS)
