"""The layers of ``torch.nn``, one module a family."""

from __future__ import annotations

from cnnlint.ops.layers import (
    activation,
    adaptive_softmax,
    attention,
    cells,
    conv,
    dropout,
    embedding,
    groupnorms,
    linear,
    loss,
    norms,
    padding,
    pooling,
    recurrent,
    resample,
    shape,
    transposed,
    unpool,
)
from cnnlint.ops.spec import LayerSpec

_FAMILIES = (
    conv, transposed, linear, pooling, unpool, norms, groupnorms, activation, dropout, padding, shape, resample,
    embedding, recurrent, cells, attention, loss, adaptive_softmax,
)  # fmt: skip

LAYERS: tuple[LayerSpec, ...] = tuple(spec for family in _FAMILIES for spec in family.LAYERS)
