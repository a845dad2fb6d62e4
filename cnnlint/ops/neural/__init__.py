"""The functions of ``torch.nn.functional``, one module a family; layers compute through the same entries."""

from __future__ import annotations

from cnnlint.ops.neural import (
    activation,
    adaptive,
    attention,
    classloss,
    conv,
    distance,
    dropout,
    embedding,
    groupnorms,
    linear,
    loss,
    multihead,
    norms,
    padding,
    pooling,
    resample,
    sample,
    shuffle,
    softmax,
    transposed,
    unpool,
)
from cnnlint.ops.spec import FunctionSpec

_FAMILIES = (
    conv, transposed, linear, pooling, adaptive, unpool, norms, groupnorms, activation, softmax, dropout, padding,
    resample, shuffle, sample, embedding, attention, multihead, distance, loss, classloss,
)  # fmt: skip

FUNCTIONS: tuple[FunctionSpec, ...] = tuple(spec for family in _FAMILIES for spec in family.FUNCTIONS)
