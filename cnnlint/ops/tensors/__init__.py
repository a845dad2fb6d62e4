"""Tensor functions and methods."""

from __future__ import annotations

from cnnlint.ops.spec import FunctionSpec

FUNCTIONS: tuple[FunctionSpec, ...] = ()
