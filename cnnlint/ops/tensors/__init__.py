"""Tensor functions, methods and operators, by what they do."""

from __future__ import annotations

from cnnlint.ops.spec import FunctionSpec
from cnnlint.ops.tensors import (
    arithmetic,
    casting,
    clamping,
    constants,
    elementwise,
    factories,
    indexing,
    joining,
    permuting,
    products,
    queries,
    reducing,
    reshaping,
    splitting,
)

__all__ = ["FUNCTIONS"]

FUNCTIONS: tuple[FunctionSpec, ...] = (
    *arithmetic.FUNCTIONS,
    *casting.FUNCTIONS,
    *clamping.FUNCTIONS,
    *constants.FUNCTIONS,
    *elementwise.FUNCTIONS,
    *factories.FUNCTIONS,
    *indexing.FUNCTIONS,
    *joining.FUNCTIONS,
    *permuting.FUNCTIONS,
    *products.FUNCTIONS,
    *queries.FUNCTIONS,
    *reducing.FUNCTIONS,
    *reshaping.FUNCTIONS,
    *splitting.FUNCTIONS,
)
