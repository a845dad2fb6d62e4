"""The functions of ``torch.nn.functional``, one module a family; layers compute through the same entries."""

from __future__ import annotations

from cnnlint.ops.spec import FunctionSpec

FUNCTIONS: tuple[FunctionSpec, ...] = ()
