"""The layers of ``torch.nn``, one module a family."""

from __future__ import annotations

from cnnlint.ops.spec import LayerSpec

LAYERS: tuple[LayerSpec, ...] = ()
