"""The layers of ``torch.nn``, one module a family."""

from __future__ import annotations

from cnnlint.ops.layers import activation, conv, dropout, groupnorms, linear, norms, padding, pooling, shape, transposed
from cnnlint.ops.spec import LayerSpec

_FAMILIES = (conv, transposed, linear, pooling, norms, groupnorms, activation, dropout, padding, shape)

LAYERS: tuple[LayerSpec, ...] = tuple(spec for family in _FAMILIES for spec in family.LAYERS)
